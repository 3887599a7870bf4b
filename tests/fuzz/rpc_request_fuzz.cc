// SPDX-License-Identifier: Apache-2.0
// A client's line: any bytes; and its parameters, as every operation reads them.
#include "supervisor/rpc/message.h"
#include "supervisor/task_json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using chock::fuzz::check;
namespace supervisor = chock::supervisor;

template <class Request>
void check_params(const chock::state::Json& params) {
  const auto request = supervisor::parse_request<Request>(params);
  if (!request) {
    check(!request.error().message().empty(), "a refusal has a reason");
    return;
  }
  const auto written = supervisor::format_request(*request);
  const auto again = supervisor::parse_request<Request>(written);
  check(again.has_value(), "what was written can be read");
  check(supervisor::format_request(*again) == written, "writing is stable");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line = chock::fuzz::text_of(data, size);
  static_cast<void>(supervisor::rpc::parse_incoming(line));
  const auto request = supervisor::rpc::parse_request(line);
  if (!request) {
    check(!request.error().reason.empty(), "a refusal has a reason");
    return 0;
  }
  check_params<supervisor::StartRequest>(request->params);
  check_params<supervisor::ExecRequest>(request->params);
  check_params<supervisor::KillRequest>(request->params);
  check_params<supervisor::ResizeRequest>(request->params);
  check_params<supervisor::UpdateRequest>(request->params);
  check_params<supervisor::CheckpointCreateRequest>(request->params);
  return 0;
}
