// SPDX-License-Identifier: Apache-2.0
#include "shim/control.h"

#include <fcntl.h>

#include <array>

#include "common/state/layout.h"

namespace chock::shim {

namespace layout = state::layout;

Result<sys::UniqueFd> Control::open(const sys::StateDir& dir) {
  return dir.open_entry(layout::kControlFifo, O_RDWR, S_IFIFO);
}

Control::Control(sys::UniqueFd fifo, OnMessage on_message, OnBadLine on_bad_line)
    : fifo_(std::move(fifo)),
      on_message_(std::move(on_message)),
      on_bad_line_(std::move(on_bad_line)) {}

Result<void> Control::start(sys::EventLoop& loop) {
  watch_ = TRY(loop.watch(fifo_.get(), EPOLLIN, sys::Order::Control, [this](uint32_t) { read(); }));
  return {};
}

void Control::read() {
  std::array<char, 4096> bytes{};
  const Result<sys::ReadResult> got =
      sys::read_some(fifo_.get(), bytes.data(), bytes.size(), layout::kControlFifo);
  if (!got || got->kind == sys::ReadResult::Kind::End) {
    watch_.reset();  // cannot happen to a fifo we write to as well; must not spin if it does
    return;
  }
  lines_.append({bytes.data(), got->bytes});
  deliver_lines();
}

void Control::deliver_lines() {
  using Kind = state::ControlLine::Kind;
  while (const auto line = lines_.take_line()) {
    const state::ControlLine parsed = state::parse_control_line(line->text);
    if (parsed.kind == Kind::Message) {
      on_message_(parsed.message);
    } else if (parsed.kind == Kind::Malformed || line->too_long) {
      report_bad_line(*line);
    }
  }
}

void Control::report_bad_line(const state::LineSplitter::Line& line) {
  if (bad_line_reported_) {
    return;
  }
  bad_line_reported_ = true;
  on_bad_line_(Error{0, "parse", layout::kControlFifo,
                     line.too_long ? "a line is too long, skipped"
                                   : "'" + line.text + "' is not a message, skipped"});
}

}  // namespace chock::shim
