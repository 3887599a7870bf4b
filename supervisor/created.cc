// SPDX-License-Identifier: Apache-2.0
#include "supervisor/created.h"

#include <errno.h>

#include "common/runtime/start_fifo.h"

namespace chock::supervisor {

bool looks_created(std::string_view command, std::string_view runtime) {
  constexpr size_t kCommandLength = 15;
  const std::string_view name = runtime.substr(runtime.rfind('/') + 1).substr(0, kCommandLength);
  // A runtime may be called by way of a script, whose name it does not keep.
  return command.starts_with("runc:[") || command == "crun" || command == name;
}

bool awaits_start(pid_t init) {
  const Result<std::optional<std::string>> fifo = runtime::find_start_fifo(init);
  return fifo ? fifo->has_value() : fifo.error().code == EACCES;
}

}  // namespace chock::supervisor
