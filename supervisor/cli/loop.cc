// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/loop.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include "supervisor/cli/report.h"
#include "supervisor/launch_error.h"

namespace chock::supervisor::cli {
namespace {

// The libraries' exceptions end here.
int report_exception(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    report_failure(error.what());
  }
  return kExitOwnFailure;
}

}  // namespace

int run_loop(const std::function<Awaitable<int>(asio::any_io_executor)>& task) {
  try {
    int code = kExitOwnFailure;
    asio::io_context loop(1);
    asio::co_spawn(loop, task(loop.get_executor()),
                   [&](const std::exception_ptr& failure, int result) {
                     code = failure ? report_exception(failure) : result;
                     loop.stop();
                   });
    loop.run();
    return code;
  } catch (const std::exception&) {
    return report_exception(std::current_exception());
  }
}

}  // namespace chock::supervisor::cli
