// SPDX-License-Identifier: Apache-2.0
#include "common/sys/event_loop.h"

#include <assert.h>
#include <errno.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <span>

namespace chock::sys {
namespace {

// epoll hands back slot and generation, not the descriptor: within one batch a callback may free a
// slot and the next registration reuse it, and the stale event must not reach the newcomer.
uint64_t pack(uint32_t slot, uint32_t generation) {
  return (static_cast<uint64_t>(slot) << 32U) | generation;
}
uint32_t slot_of(const epoll_event& event) { return static_cast<uint32_t>(event.data.u64 >> 32U); }
uint32_t generation_of(const epoll_event& event) { return static_cast<uint32_t>(event.data.u64); }

// What the kernel is asked for instead of nothing. It reports hang-ups and errors unasked, but of a
// one-shot registration only once (epoll_ctl(2)); deliver() drops that. Registrations stay in the
// kernel while they are paused because taking them up again could fail for want of room (ENOSPC),
// and then nobody would ever hear of the descriptor again.
constexpr uint32_t kPaused = EPOLLONESHOT;

uint32_t kernel_events(uint32_t events) { return events == 0 ? kPaused : events; }

}  // namespace

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), slot_(other.slot_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    slot_ = other.slot_;
  }
  return *this;
}

void Watch::reset() {
  if (loop_ != nullptr) {
    std::exchange(loop_, nullptr)->remove(slot_);
  }
}

void Watch::set_events(uint32_t events) {
  if (loop_ != nullptr) {
    loop_->set_events(slot_, events);
  }
}

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) {
    return system_error("make epoll");
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll)));
}

uint32_t EventLoop::free_slot() {
  const auto free = std::ranges::find(slots_, -1, &Slot::fd);
  if (free != slots_.end()) {
    return static_cast<uint32_t>(free - slots_.begin());
  }
  slots_.emplace_back();
  return static_cast<uint32_t>(slots_.size() - 1);
}

Result<Watch> EventLoop::watch(int fd, uint32_t events, Order order, Callback callback) {
  const uint32_t index = free_slot();
  Slot& slot = slots_[index];
  epoll_event event{kernel_events(events), {.u64 = pack(index, slot.generation)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return system_error("watch", "fd " + std::to_string(fd));
  }
  slot.fd = fd;
  slot.events = events;
  slot.order = order;
  slot.callback = std::move(callback);
  return Watch(this, index);
}

void EventLoop::set_events(uint32_t index, uint32_t events) {
  Slot& slot = slots_[index];
  if (slot.events == events) {
    return;
  }
  epoll_event event{kernel_events(events), {.u64 = pack(index, slot.generation)}};
  const int result = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, slot.fd, &event);
  assert(result == 0);  // the descriptor is registered, and that is all it takes
  static_cast<void>(result);
  slot.events = events;
}

void EventLoop::remove(uint32_t index) {
  Slot& slot = slots_[index];
  const int result = ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, slot.fd, nullptr);
  assert(result == 0);
  static_cast<void>(result);
  slot.fd = -1;
  ++slot.generation;
  slot.callback = nullptr;
}

void EventLoop::deliver(const epoll_event& event) {
  const uint32_t index = slot_of(event);
  const uint32_t generation = generation_of(event);
  if (slots_[index].generation != generation || slots_[index].events == 0) {
    return;  // deregistered or paused by an earlier callback of this batch
  }
  // The callback lives on this stack while it runs, so that it may remove its own registration, or
  // add one that makes slots_ move.
  Callback callback = std::move(slots_[index].callback);
  callback(event.events);
  if (slots_[index].generation == generation) {
    slots_[index].callback = std::move(callback);
  }
}

Result<int> EventLoop::run() {
  constexpr int kBatch = 16;
  std::array<epoll_event, kBatch> batch{};
  while (!stopped_) {
    const int count = ::epoll_wait(epoll_.get(), batch.data(), kBatch, -1);
    if (count < 0 && errno != EINTR) {
      return system_error("wait for events");
    }
    const std::span<epoll_event> ready(batch.data(), static_cast<size_t>(std::max(count, 0)));
    std::ranges::sort(ready, {}, [this](const epoll_event& e) { return slots_[slot_of(e)].order; });
    for (const epoll_event& event : ready) {
      if (!stopped_) {
        deliver(event);
      }
    }
  }
  return result_;
}

void EventLoop::stop(int result) {
  stopped_ = true;
  result_ = result;
}

Result<Timer> Timer::make(std::chrono::milliseconds delay) {
  UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  // A deadline that has passed is due now.
  delay = std::max(delay, std::chrono::milliseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
  const std::chrono::nanoseconds rest = delay - seconds;
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  // All zero would disarm the timer instead of firing at once (timerfd_create(2)).
  spec.it_value.tv_nsec = delay.count() == 0 ? 1 : rest.count();
  if (!fd.valid() || ::timerfd_settime(fd.get(), 0, &spec, nullptr) != 0) {
    return system_error("make timer");
  }
  return Timer(std::move(fd));
}

}  // namespace chock::sys
