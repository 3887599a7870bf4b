// SPDX-License-Identifier: Apache-2.0
#include "supervisor/fd_watch.h"

#include <unistd.h>

#include <memory>
#include <optional>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "supervisor/first_of.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

// `first` and `second` become ready together; whoever sees that `first` has, gives the watch of
// `second` up and makes one of `silent`, to which Asio would bring the event of `second`.
class fd_watch : public ::testing::Test {
 protected:
  Awaitable<void> give_up_and_wait() {
    co_await readable(first_.read.get());
    second_watch_.reset();
    FdWatch watch(loop_.get_executor(), silent_.read.get());
    ended_first_ = co_await first_of(watch.readable(), pause_for(std::chrono::milliseconds(50)));
  }
  Awaitable<void> wait_for_second() {
    try {
      co_await second_watch_->readable();
    } catch (const std::system_error&) {
      given_up_ = true;
    }
  }

  asio::io_context loop_{1};
  sys::Pipe first_ = test::make_nonblocking_pipe();
  sys::Pipe second_ = test::make_nonblocking_pipe();
  sys::Pipe silent_ = test::make_nonblocking_pipe();
  std::optional<FdWatch> second_watch_{std::in_place, loop_.get_executor(), second_.read.get()};
  std::optional<size_t> ended_first_;
  bool given_up_ = false;
};

TEST_F(fd_watch, an_event_of_a_watch_that_is_gone_ends_no_other) {
  asio::co_spawn(loop_, give_up_and_wait(), asio::detached);
  asio::co_spawn(loop_, wait_for_second(), asio::detached);
  loop_.poll();
  ASSERT_EQ(::write(first_.write.get(), "x", 1), 1);
  ASSERT_EQ(::write(second_.write.get(), "x", 1), 1);
  loop_.run();
  EXPECT_TRUE(given_up_);
  EXPECT_EQ(ended_first_, 1U) << "silent was not";
}

}  // namespace
}  // namespace chock::supervisor
