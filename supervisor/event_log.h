// SPDX-License-Identifier: Apache-2.0
// EventLog keeps what happened: in memory for subscribers, and in events.log for the next
// supervisor. Every record has a number, counted up over any number of restarts (D69), so that a
// subscriber is nothing but the number of the last record it has seen: it can neither block
// anybody nor lose a record without being told.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/state/event_record.h"
#include "common/sys/state_dir.h"
#include "common/sys/unique_fd.h"
#include "supervisor/latch.h"
#include "supervisor/observer.h"

namespace chock::supervisor {

class EventLog {
 public:
  // Reads what is there, and changes nothing: the file may be another daemon's yet. Between
  // `retain` and twice as many records are kept; 0: all. `root` must outlive the log.
  [[nodiscard]] static Result<EventLog> open(const sys::StateDir& root, size_t retain);

  // The file is ours from here on: a tail that was torn is cut, and records of a containerd
  // 0.2 daemon, which have no numbers, get theirs.
  void take_over();

  // How many lines of the file were no records when it was opened.
  [[nodiscard]] size_t skipped() const { return skipped_; }

  // Gives the record its number and tells everybody. An Error says that the file does not have it;
  // subscribers do, and the file will once there is room for it again.
  [[nodiscard]] Result<void> append(state::EventRecord record);

  // The number of the newest record; 0: there never was one.
  [[nodiscard]] uint64_t last() const { return last_; }

  // The first kept record with a number above `seq`; null: none. Valid until the next append. If
  // its number is not the next one, those between are gone.
  [[nodiscard]] const state::EventRecord* after(uint64_t seq) const;

  // Kept by a subscriber for as long as it is one.
  using Presence = std::shared_ptr<const char>;
  [[nodiscard]] Presence subscribe() const { return presence_; }
  [[nodiscard]] size_t subscribers() const {
    return static_cast<size_t>(presence_.use_count()) - 1;
  }

  // What is in here about the life that a process has led since `made`; Unknown if that may have
  // been forgotten.
  [[nodiscard]] Told told(const std::string& id, const std::string& process,
                          const timespec& made) const;

  // Set by the next append. Shared, because that makes a new one for those who wait after it.
  [[nodiscard]] std::shared_ptr<Latch> changed();

 private:
  EventLog(const sys::StateDir& root, size_t retain) : root_(&root), retain_(retain) {}
  [[nodiscard]] bool adopt(std::vector<state::EventRecord> records);
  void forget_oldest();
  [[nodiscard]] Result<void> write_newest();
  [[nodiscard]] Result<void> rewrite();

  const sys::StateDir* root_;
  size_t retain_;
  std::deque<state::EventRecord> records_;  // by ascending number
  uint64_t last_ = 0;
  size_t skipped_ = 0;
  sys::UniqueFd file_;
  bool whole_ = false;  // the file has every record of records_, and nothing else
  std::shared_ptr<Latch> changed_;
  Presence presence_ = std::make_shared<const char>();
};

}  // namespace chock::supervisor
