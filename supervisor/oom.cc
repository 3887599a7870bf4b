// SPDX-License-Identifier: Apache-2.0
#include "supervisor/oom.h"

#include <array>
#include <chrono>
#include <span>

#include "common/state/exit_record.h"
#include "common/state/layout.h"
#include "common/sys/atomic_file.h"
#include "supervisor/container_cgroups.h"
#include "supervisor/first_of.h"
#include "supervisor/watch.h"

namespace chock::supervisor {
namespace {

using Limit = OomWatch::Limit;

// A kernel announces that memory has run out, chooses a victim, tells the console about it, which
// may be a slow one (5 KiB over a serial line of 115200 baud take 0.4 s), and then counts it. These
// are the times between looks after an announcement.
using Milliseconds = std::chrono::milliseconds;
constexpr std::array kCountDelays{Milliseconds(100), Milliseconds(200), Milliseconds(400)};

const char* text_of(Limit limit) {
  switch (limit) {
    case Limit::Own:
      return "out of memory: at the container's own limit";
    case Limit::Above:
      return "out of memory: at a limit above the container's own";
    case Limit::Unknown:
      return "out of memory";
  }
  __builtin_unreachable();
}

state::OomLimit recorded(Limit limit) {
  switch (limit) {
    case Limit::Own:
      return state::OomLimit::Own;
    case Limit::Above:
      return state::OomLimit::Above;
    case Limit::Unknown:
      return state::OomLimit::Unknown;
  }
  __builtin_unreachable();
}

// A hint is worth several looks, until there was something to see. The second is always taken: it
// bounds how often a container that lives at its limit wakes us. Once the init has ended, the watch
// of its exit looks.
Awaitable<void> watch_oom(std::shared_ptr<Core> core, std::shared_ptr<Container> container) {
  const OomWatch& watch = *container->oom_watch;
  Latch& ended = container->init_ended;
  std::span<const Milliseconds> delays;  // until the looks that the last hint is still worth
  while (!watch.over() && !ended.is_set()) {
    if (delays.empty()) {
      co_await first_of(watch.hint(), ended.wait());
      delays = kCountDelays;
    } else {
      co_await first_of(pause_for(delays.front()), ended.wait());
      delays = delays.subspan(1);
    }
    if (!ended.is_set() && tell_oom(*core, *container)) {
      delays = std::span(kCountDelays).first(1);
    }
  }
}

Result<void> rewrite_record(const sys::StateDir& dir, Limit limit) {
  const std::optional<std::string> text =
      TRY(dir.read_file(state::layout::kExitRecord, state::kFileLimit));
  if (!text) {
    return {};  // a shim that keeps to the contract writes none
  }
  return sys::write_file(dir, state::layout::kExitRecord,
                         TRY(state::mark_oom(*text, recorded(limit))));
}

}  // namespace

void arm_oom(const Core& core, Container& container, const sys::Pidfd& init) {
  Result<std::optional<OomWatch>> watch = OomWatch::arm({core.cgroup_mounts, init.pid()});
  if (init.ended()) {
    return;  // somebody else may have had its number already
  }
  if (!watch) {
    core.note(container.id, {}, watch.error());
  } else if (!*watch) {
    core.note(Note::Level::Debug, container.id, {}, "has no memory control group of its own");
  } else {
    container.oom_watch = *std::move(watch);
  }
}

void begin_oom_watch(const std::shared_ptr<Core>& core, std::shared_ptr<Container> container) {
  if (container->oom_watch) {
    std::string id = container->id;
    detach(core, std::move(id), watch_oom(core, std::move(container)));
  }
}

bool tell_oom(const Core& core, Container& container) {
  const std::optional<Limit> limit =
      container.oom_watch ? container.oom_watch->look() : std::nullopt;
  if (!limit) {
    return false;
  }
  container.oom = limit;
  core.note(Note::Level::Warning, container.id, {}, text_of(*limit));
  core.publish(state::EventRecord::Type::Oom, container.id);
  return true;
}

// The shim wrote the record and has ended, so nobody else writes it now. The directory may be about
// to go; but whoever holds it open, or has asked for it to be kept, finds the whole truth.
void record_oom(const Core& core, const Container& container, const Process& init) {
  if (!container.oom) {
    return;
  }
  if (const Result<void> written = rewrite_record(*init.dir, *container.oom); !written) {
    core.note(container.id, init.id, written.error());
  }
}

}  // namespace chock::supervisor
