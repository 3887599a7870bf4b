// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace chock::supervisor {
namespace {

std::string_view colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "\033[33m\033[1m";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "\033[31m\033[1m";
    case spdlog::level::info:
      return "\033[32m";
    case spdlog::level::trace:
    case spdlog::level::debug:
    case spdlog::level::off:
    case spdlog::level::n_levels:
      return "\033[36m";
  }
  __builtin_unreachable();
}

bool is_coloured() {
  const char* refused = ::getenv("NO_COLOR");
  return (refused == nullptr || *refused == '\0') && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

// O_NONBLOCK belongs to the open file, which we share with whoever gave it to us (open(2), "Open
// file descriptions"); so does the place in it, whence O_APPEND. Sockets cannot be opened again.
LogSink::LogSink()
    : own_(::open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)),
      coloured_(is_coloured()) {}

size_t LogSink::take_lost() { return lost_ > 0 && write_rest() ? std::exchange(lost_, 0) : 0; }

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t formatted;
  formatter_->format(message, formatted);
  const std::string_view plain(formatted.data(), formatted.size());
  if (!write_rest()) {
    ++lost_;
    return;
  }
  const std::string line = coloured_ ? paint(plain, message) : std::string(plain);
  const size_t written = write_some(line);
  if (written == 0) {
    ++lost_;
  } else {
    rest_ = line.substr(written);
  }
}

std::string LogSink::paint(std::string_view line, const spdlog::details::log_msg& message) const {
  std::string painted(line.substr(0, message.color_range_start));
  painted += colour_of(message.level);
  painted +=
      line.substr(message.color_range_start, message.color_range_end - message.color_range_start);
  painted += "\033[m";
  return painted.append(line.substr(message.color_range_end));
}

// Whether a new line may begin.
bool LogSink::write_rest() {
  rest_.erase(0, write_some(rest_));
  return rest_.empty();
}

size_t LogSink::write_some(std::string_view text) const {
  ssize_t written = own_.valid() ? ::write(own_.get(), text.data(), text.size())
                                 : ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT);
  if (written < 0 && errno == ENOTSOCK) {
    written = ::write(STDERR_FILENO, text.data(), text.size());  // another user's terminal, say
  }
  return static_cast<size_t>(std::max<ssize_t>(written, 0));
}

}  // namespace chock::supervisor
