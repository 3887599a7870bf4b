// SPDX-License-Identifier: Apache-2.0
#include "common/sys/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

using std::chrono::milliseconds;

// A pipe that is readable at once.
Pipe readable_pipe() {
  Pipe pipe = test::must(make_pipe());
  test::must(write_all(pipe.write.get(), "x", "pipe"));
  return pipe;
}

class Loop {
 public:
  Loop() : loop_(test::must(EventLoop::make())) {}
  EventLoop* operator->() const { return loop_.get(); }
  [[nodiscard]] Watch watch(int fd, Order order, EventLoop::Callback callback) const {
    return test::must(loop_->watch(fd, EPOLLIN, order, std::move(callback)));
  }
  [[nodiscard]] int run() const { return test::must(loop_->run()); }
  // Delivers what is ready now, by means of a timer that comes after all of it.
  void run_once() {
    const Timer timer = test::must(Timer::make(milliseconds(0)));
    EXPECT_TRUE(test::wait_ready(timer.fd(), POLLIN));
    const Watch stop = watch(timer.fd(), Order::Timer, [this](uint32_t) { loop_->stop(0); });
    EXPECT_EQ(run(), 0);
  }

 private:
  std::unique_ptr<EventLoop> loop_;
};

TEST(event_loop, run_returns_what_stop_was_given) {
  const Loop loop;
  const Pipe pipe = readable_pipe();
  const Watch watch = loop.watch(pipe.read.get(), Order::Stream, [&](uint32_t events) {
    EXPECT_EQ(events, static_cast<uint32_t>(EPOLLIN));
    loop->stop(17);
  });
  EXPECT_EQ(loop.run(), 17);
}

TEST(event_loop, one_wake_up_is_delivered_in_order) {
  Loop loop;
  std::vector<Order> seen;
  std::vector<Pipe> pipes;
  std::vector<Watch> watches;
  for (const Order order : {Order::Process, Order::Stream, Order::Control, Order::Process,
                            Order::Stream, Order::Control}) {
    pipes.push_back(readable_pipe());
    watches.push_back(loop.watch(pipes.back().read.get(), order,
                                 [&seen, order](uint32_t) { seen.push_back(order); }));
  }
  loop.run_once();
  EXPECT_EQ(seen, (std::vector{Order::Control, Order::Control, Order::Stream, Order::Stream,
                               Order::Process, Order::Process}));
}

TEST(event_loop, stop_ends_the_batch) {
  const Loop loop;
  const Pipe first = readable_pipe();
  const Pipe second = readable_pipe();
  int calls = 0;
  const auto count = [&](uint32_t) {
    ++calls;
    loop->stop(3);
  };
  const Watch a = loop.watch(first.read.get(), Order::Stream, count);
  const Watch b = loop.watch(second.read.get(), Order::Control, count);
  EXPECT_EQ(loop.run(), 3);
  EXPECT_EQ(calls, 1);
}

TEST(event_loop, a_watch_may_go_in_its_own_callback) {
  const Loop loop;
  const Pipe pipe = readable_pipe();
  const Pipe later = readable_pipe();
  const auto token = std::make_shared<int>(0);
  Watch watch;
  watch = loop.watch(pipe.read.get(), Order::Stream, [&, token](uint32_t) {
    watch.reset();
    ++*token;  // the callback itself still exists
  });
  const Watch stop = loop.watch(later.read.get(), Order::Process, [&](uint32_t) { loop->stop(0); });
  EXPECT_EQ(loop.run(), 0);
  EXPECT_EQ(*token, 1);
  EXPECT_EQ(token.use_count(), 1) << "the callback is destroyed after it has returned";
  EXPECT_FALSE(watch.active());
}

TEST(event_loop, a_watch_removed_earlier_in_the_batch_is_not_called) {
  Loop loop;
  const Pipe pipe = readable_pipe();
  const Pipe other = readable_pipe();
  Watch victim = loop.watch(other.read.get(), Order::Process, [](uint32_t) { ADD_FAILURE(); });
  Watch killer;
  killer = loop.watch(pipe.read.get(), Order::Stream, [&](uint32_t) {
    victim.reset();
    killer.reset();
  });
  loop.run_once();
  EXPECT_FALSE(killer.active());
}

// The hole that descriptors or slots alone would leave: a stale event for the former user.
TEST(event_loop, a_reused_slot_does_not_get_a_stale_event) {
  Loop loop;
  const Pipe trigger = readable_pipe();
  const Pipe ready = readable_pipe();
  const Pipe silent = test::must(make_pipe());
  Watch victim = loop.watch(ready.read.get(), Order::Process, [](uint32_t) { ADD_FAILURE(); });
  Watch newcomer;
  Watch killer;
  killer = loop.watch(trigger.read.get(), Order::Stream, [&](uint32_t) {
    victim.reset();
    newcomer = loop.watch(silent.read.get(), Order::Process,
                          [](uint32_t) { ADD_FAILURE() << "the former user's event"; });
    killer.reset();
  });
  loop.run_once();
  EXPECT_TRUE(newcomer.active());
}

TEST(event_loop, a_callback_may_replace_itself_and_add_many) {
  Loop loop;
  const Pipe pipe = readable_pipe();
  std::vector<Pipe> pipes;
  std::vector<Watch> added;
  int calls = 0;
  Watch watch;
  watch = loop.watch(pipe.read.get(), Order::Stream, [&](uint32_t) {
    watch.reset();
    for (int i = 0; i < 100; ++i) {  // enough to move the slots
      pipes.push_back(readable_pipe());
      added.push_back(loop.watch(pipes.back().read.get(), Order::Stream, [&](uint32_t) {
        if (++calls == 100) {
          added.clear();
          loop->stop(5);
        }
      }));
    }
  });
  EXPECT_EQ(loop.run(), 5);
  EXPECT_EQ(calls, 100);
}

TEST(event_loop, moving_a_watch_keeps_the_registration) {
  Loop loop;
  const Pipe pipe = readable_pipe();
  const Pipe other = readable_pipe();
  int calls = 0;
  Watch first = loop.watch(pipe.read.get(), Order::Stream, [&](uint32_t) { ++calls; });
  Watch second(std::move(first));
  Watch third = loop.watch(other.read.get(), Order::Stream, [](uint32_t) { ADD_FAILURE(); });
  third = std::move(second);  // drops its own
  EXPECT_TRUE(third.active());
  EXPECT_FALSE(first.active());   // NOLINT(bugprone-use-after-move): promised
  EXPECT_FALSE(second.active());  // NOLINT(bugprone-use-after-move): promised
  first.reset();
  loop.run_once();
  EXPECT_EQ(calls, 1);
}

// epoll reports a hang-up whatever is asked for, but of a paused watch nobody must hear.
TEST(event_loop, a_paused_watch_does_not_wake_on_hang_up) {
  Loop loop;
  Pipe pipe = test::must(make_pipe());
  int calls = 0;
  Watch watch = loop.watch(pipe.read.get(), Order::Stream, [&](uint32_t) { ++calls; });
  watch.set_events(0);
  watch.set_events(0);
  pipe.write.reset();
  loop.run_once();
  EXPECT_EQ(calls, 0);
}

// Whether a loop with only this watch sleeps: no callback, and hardly any processor time.
bool reports_nothing(int fd, uint32_t events, bool pause_later) {
  const auto loop = test::must(EventLoop::make());
  const Timer timer = test::must(Timer::make(milliseconds(20)));
  int wake_ups = 0;
  Watch watch = test::must(loop->watch(fd, events, Order::Stream, [&](uint32_t) { ++wake_ups; }));
  if (pause_later) {
    watch.set_events(0);
  }
  const Watch stop =
      test::must(loop->watch(timer.fd(), EPOLLIN, Order::Timer, [&](uint32_t) { loop->stop(0); }));
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  test::must(loop->run());
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const auto spent = std::chrono::seconds(after.tv_sec - before.tv_sec) +
                     std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec);
  return wake_ups == 0 && spent < milliseconds(10);
}

TEST(event_loop, pausing_stops_the_spinning) {
  Pipe pipe = test::must(make_pipe());
  pipe.write.reset();
  EXPECT_TRUE(reports_nothing(pipe.read.get(), EPOLLIN, true));
  EXPECT_TRUE(reports_nothing(pipe.read.get(), 0, false));
}

TEST(event_loop, a_watch_may_start_paused) {
  const Loop loop;
  const Pipe pipe = readable_pipe();
  Watch watch =
      test::must(loop->watch(pipe.read.get(), 0, Order::Stream, [&](uint32_t) { loop->stop(4); }));
  watch.set_events(EPOLLIN);
  EXPECT_EQ(loop.run(), 4);
}

TEST(event_loop, events_can_be_changed) {
  const Loop loop;
  const Pipe pipe = test::must(make_pipe());
  uint32_t seen = 0;
  Watch watch = loop.watch(pipe.write.get(), Order::Stream, [&](uint32_t events) {
    seen = events;
    loop->stop(0);
  });
  watch.set_events(EPOLLOUT);
  EXPECT_EQ(loop.run(), 0);
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLOUT));
}

TEST(event_loop, pausing_another_in_the_same_batch_drops_its_event) {
  Loop loop;
  const Pipe first = readable_pipe();
  const Pipe second = readable_pipe();
  Watch b = loop.watch(second.read.get(), Order::Process, [](uint32_t) { ADD_FAILURE(); });
  const Watch a = loop.watch(first.read.get(), Order::Stream, [&](uint32_t) { b.set_events(0); });
  loop.run_once();
  EXPECT_TRUE(b.active());
}

TEST(event_loop, files_that_cannot_be_waited_for_are_eperm) {
  const Loop loop;
  const test::TempDir dir;
  const UniqueFd file = test::open_fd(dir / "file", O_RDWR | O_CREAT);
  const UniqueFd null = test::open_fd("/dev/null", O_RDWR);
  for (const int fd : {file.get(), null.get()}) {
    EXPECT_EQ(test::code_of(loop->watch(fd, EPOLLIN, Order::Stream, [](uint32_t) {})), EPERM);
    EXPECT_EQ(test::code_of(loop->watch(fd, 0, Order::Stream, [](uint32_t) {})), EPERM);
  }
  EXPECT_EQ(test::error_of(loop->watch(-1, EPOLLIN, Order::Stream, [](uint32_t) {})),
            "watch fd -1: bad file descriptor");
}

TEST(event_loop, timers_fire_once_and_past_deadlines_at_once) {
  using std::chrono::seconds;
  for (const milliseconds delay : {milliseconds(1), milliseconds(0), milliseconds(-1),
                                   milliseconds(seconds(-5)), milliseconds::min()}) {
    const Result<Timer> timer = Timer::make(delay);
    ASSERT_EQ(test::error_of(timer), "(no error)") << delay.count();
    ASSERT_TRUE(test::wait_ready(timer->fd(), POLLIN)) << delay.count();
    uint64_t count = 0;
    EXPECT_EQ(::read(timer->fd(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    EXPECT_EQ(count, 1U);
    EXPECT_EQ(::read(timer->fd(), &count, sizeof count), -1);
  }
  const Timer distant = test::must(Timer::make(seconds(1000)));
  pollfd poll_fd{distant.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll_fd, 1, 0), 0);
}

}  // namespace
}  // namespace chock::sys
