// SPDX-License-Identifier: Apache-2.0
#include "supervisor/process_check.h"

#include <errno.h>

#include <vector>

#include "supervisor/request_reader.h"

namespace chock::supervisor {
namespace {

// Keeps the first failure.
class Judge {
 public:
  Judge(const std::string& operation, const std::string& place)
      : operation_(operation), place_(place) {}

  void text(const std::string& field, const std::string& text) {
    fail(field, RequestReader::text_failure(text));
  }
  void texts(const std::string& field, const std::vector<std::string>& list) {
    for (const std::string& element : list) {
      if (const std::string failure = RequestReader::text_failure(element); !failure.empty()) {
        fail(field, "each element " + failure);
      }
    }
  }
  void path(const std::string& field, const std::string& path) {
    text(field, path);
    fail(field, RequestReader::path_failure(path));
  }
  [[nodiscard]] const Result<void>& result() const { return result_; }

 private:
  void fail(const std::string& field, std::string reason) {
    if (result_ && !reason.empty()) {
      result_ = std::unexpected(Error{EINVAL, operation_, place_ + field, std::move(reason)});
    }
  }

  const std::string& operation_;
  const std::string& place_;
  Result<void> result_;
};

}  // namespace

Result<void> check_process(const state::OciProcess& process, const std::string& operation,
                           const std::string& place) {
  Judge judge(operation, place);
  judge.texts("args", process.args);
  judge.texts("env", process.env);
  judge.path("cwd", process.cwd);
  judge.text("user.username", process.user.username);
  if (process.capabilities) {
    const state::Capabilities& sets = *process.capabilities;
    for (const auto* set :
         {&sets.bounding, &sets.effective, &sets.inheritable, &sets.permitted, &sets.ambient}) {
      judge.texts("capabilities", *set);
    }
  }
  for (const state::Rlimit& limit : process.rlimits) {
    judge.text("rlimits.type", limit.type);
  }
  judge.text("apparmorProfile", process.apparmor_profile);
  judge.text("selinuxLabel", process.selinux_label);
  return judge.result();
}

}  // namespace chock::supervisor
