// SPDX-License-Identifier: Apache-2.0
#include "supervisor/bundle.h"

#include <fcntl.h>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor {

std::string config_path(const std::string& bundle) {
  return bundle + "/" + state::layout::kBundleConfig;
}

Result<state::OciConfig> read_bundle(const std::string& path) {
  const std::string file = config_path(path);
  // Not blocking: the file may be a fifo, by mistake or by malice. Nor is it a link to another one,
  // which would not be what the runtime reads a moment later.
  const sys::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) {
    return system_error("open", file);
  }
  const std::string text = TRY(sys::read_all(fd.get(), state::kFileLimit, file));
  return state::parse_oci_config(text, file);
}

}  // namespace chock::supervisor
