// SPDX-License-Identifier: Apache-2.0
#include "supervisor/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/sys/atomic_file.h"

namespace chock::supervisor {
namespace {

using state::EventRecord;
using state::layout::kEventLog;

// What retention allows, and nothing else, decides how long a log is; this keeps a file that is
// none from being read for ever.
constexpr size_t kLogFileLimit = 1UL << 30U;
constexpr uint64_t kLargestSeq = uint64_t{1} << 53U;  // what every JSON reader keeps exact

bool before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// Nothing, if the record is about something else.
Told told_by(const EventRecord& record, const std::string& id, const std::string& process) {
  if (record.id != id) {
    return Told::Nothing;
  }
  const bool init = process == state::layout::kInit;
  if (record.type == EventRecord::Type::Exit && record.process == process) {
    return Told::Exit;
  }
  const bool start =
      init ? record.type == EventRecord::Type::StartContainer
           : record.type == EventRecord::Type::StartProcess && record.process == process;
  return start ? Told::Start : Told::Nothing;
}

}  // namespace

Result<EventLog> EventLog::open(const sys::StateDir& root, size_t retain) {
  const std::optional<std::string> text = TRY(root.read_file(kEventLog, kLogFileLimit));
  state::EventLines lines = state::parse_event_lines(text.value_or(""));
  EventLog log(root, retain);
  log.skipped_ = lines.skipped;
  const bool numbered = log.adopt(std::move(lines.records));
  if (text && numbered && log.skipped_ == 0) {
    log.file_ = TRY(root.open_entry(kEventLog, O_WRONLY | O_APPEND));
    log.whole_ = true;
  }
  return log;
}

void EventLog::take_over() {
  if (!whole_) {
    // On a full disk we live without the file until the next event finds room for it.
    static_cast<void>(rewrite());
  }
}

// Whether all of them had a number that could stay.
bool EventLog::adopt(std::vector<EventRecord> records) {
  bool numbered = true;
  for (EventRecord& record : records) {
    if (record.seq <= last_ || record.seq > kLargestSeq) {
      record.seq = last_ + 1;
      numbered = false;
    }
    last_ = record.seq;
    records_.push_back(std::move(record));
  }
  return numbered;
}

Result<void> EventLog::append(EventRecord record) {
  record.seq = ++last_;
  records_.push_back(std::move(record));
  if (changed_) {
    std::exchange(changed_, nullptr)->set();
  }
  const bool full = retain_ > 0 && records_.size() > 2 * retain_;
  if (full) {
    forget_oldest();
  }
  return full || !whole_ ? rewrite() : write_newest();
}

void EventLog::forget_oldest() {
  records_.erase(records_.begin(), records_.end() - static_cast<ptrdiff_t>(retain_));
}

// One write(2): a reader of the file sees all of a line or none. A disk that takes only part of it
// leaves a torn line, which the next append replaces.
Result<void> EventLog::write_newest() {
  const std::string line = format_event_record(records_.back());
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  whole_ = written == static_cast<ssize_t>(line.size());
  if (written < 0) {
    return system_error("write", root_->path_of(kEventLog));
  }
  if (!whole_) {
    return system_error(ENOSPC, "write", root_->path_of(kEventLog));
  }
  return {};
}

Result<void> EventLog::rewrite() {
  whole_ = false;
  std::string text;
  for (const EventRecord& record : records_) {
    text += format_event_record(record);
  }
  TRY(sys::write_file(*root_, kEventLog, text));
  file_ = TRY(root_->open_entry(kEventLog, O_WRONLY | O_APPEND));
  whole_ = true;
  return {};
}

const EventRecord* EventLog::after(uint64_t seq) const {
  const auto found = std::ranges::upper_bound(records_, seq, {}, &EventRecord::seq);
  return found == records_.end() ? nullptr : &*found;
}

Told EventLog::told(const std::string& id, const std::string& process, const timespec& made) const {
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    // What is older is about an earlier life.
    const Told told =
        before(record->timestamp, made) ? Told::Nothing : told_by(*record, id, process);
    if (told != Told::Nothing) {
      return told;
    }
  }
  const bool forgetful = !records_.empty() && records_.front().seq > 1;
  return forgetful ? Told::Unknown : Told::Nothing;
}

std::shared_ptr<Latch> EventLog::changed() {
  if (!changed_) {
    changed_ = std::make_shared<Latch>();
  }
  return changed_;
}

}  // namespace chock::supervisor
