// SPDX-License-Identifier: Apache-2.0
// A single-threaded epoll loop. Level-triggered, no ticking: idle means asleep.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

class EventLoop;

// In which order the events of one wake-up are delivered: what a client wants to be done (a new
// size) comes before what it has sent afterwards, and what a process wrote before the news that it
// has ended.
enum class Order : uint8_t { Control, Stream, Process, Timer };

// One registration. Its destructor deregisters, also from within its own callback. Must not outlive
// its loop, and goes before the descriptor it watches.
class Watch {
 public:
  Watch() = default;
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { reset(); }

  void reset();
  [[nodiscard]] bool active() const { return loop_ != nullptr; }
  // What to wait for (EPOLLIN, EPOLLOUT). 0 pauses the watch: nothing is reported, not even a
  // hang-up, which epoll reports whatever is asked for (epoll_ctl(2)). Cannot fail.
  void set_events(uint32_t events);

 private:
  friend class EventLoop;
  Watch(EventLoop* loop, uint32_t slot) : loop_(loop), slot_(slot) {}

  EventLoop* loop_ = nullptr;
  uint32_t slot_ = 0;
};

class EventLoop {
 public:
  using Callback = std::move_only_function<void(uint32_t events)>;

  [[nodiscard]] static Result<std::unique_ptr<EventLoop>> make();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  EventLoop(EventLoop&&) = delete;
  EventLoop& operator=(EventLoop&&) = delete;
  ~EventLoop() = default;

  // Calls `callback` with the event mask whenever `fd` is ready. EPERM for files that epoll cannot
  // wait for (regular files, /dev/null): those are always ready.
  [[nodiscard]] Result<Watch> watch(int fd, uint32_t events, Order order, Callback callback);

  // Delivers events until stop(); returns the value given there.
  [[nodiscard]] Result<int> run();
  void stop(int result);

 private:
  friend class Watch;
  struct Slot {
    int fd = -1;  // -1: free
    uint32_t events = 0;
    uint32_t generation = 0;  // tells an event for an earlier user of the slot from one for this
    Order order = Order::Stream;
    Callback callback;
  };

  explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  [[nodiscard]] uint32_t free_slot();
  void set_events(uint32_t slot, uint32_t events);
  void remove(uint32_t slot);
  void deliver(const epoll_event& event);

  UniqueFd epoll_;
  std::vector<Slot> slots_;
  bool stopped_ = false;
  int result_ = 0;
};

// One-shot timer on the monotonic clock. Readable once when it has expired.
class Timer {
 public:
  [[nodiscard]] static Result<Timer> make(std::chrono::milliseconds delay);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit Timer(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace chock::sys
