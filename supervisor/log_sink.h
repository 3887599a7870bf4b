// SPDX-License-Identifier: Apache-2.0
// LogSink writes the lines of the log to stderr without ever waiting for whoever reads them: a pipe
// that is full or has no reader must not keep a server from its containers. What finds no room is
// dropped and counted.
//
// Known to log.cc alone, with the library behind it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include "common/sys/unique_fd.h"

namespace chock::supervisor {

class LogSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  LogSink();

  // How many lines have been lost, once there is room again to say so, and from then on 0.
  [[nodiscard]] size_t take_lost();

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  [[nodiscard]] std::string paint(std::string_view line,
                                  const spdlog::details::log_msg& message) const;
  [[nodiscard]] size_t write_some(std::string_view text) const;
  [[nodiscard]] bool write_rest();

  sys::UniqueFd own_;  // stderr, opened once more so that not to block is our own affair
  bool coloured_;
  std::string rest_;  // of a line of which the beginning was written
  size_t lost_ = 0;
};

}  // namespace chock::supervisor
