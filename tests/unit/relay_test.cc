// SPDX-License-Identifier: Apache-2.0
#include "common/sys/relay.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>

#include "tests/unit/support.h"

namespace chock::sys {
namespace {

using Needs = Relay::Needs;
using OnSinkError = Relay::OnSinkError;

int capacity_of(int fd) { return ::fcntl(fd, F_GETPIPE_SZ); }

// Text in which every position shows.
std::string pattern(size_t size) {
  std::string text(size, '\0');
  uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24U);
  }
  return text;
}

// As much of `text` as fits now; takes that off its front.
void feed(int fd, std::string_view& text) {
  const ssize_t count = text.empty() ? 0 : ::write(fd, text.data(), text.size());
  text.remove_prefix(static_cast<size_t>(std::max<ssize_t>(count, 0)));
}

// Advances until the relay has nothing to do.
Needs advance_until_stuck(Relay& relay) {
  Needs needs = relay.advance();
  for (uint64_t before = ~0ULL; relay.bytes_read() + relay.bytes_delivered() != before;) {
    before = relay.bytes_read() + relay.bytes_delivered();
    needs = relay.advance();
  }
  return needs;
}

TEST(relay, pipe_to_pipe_is_byte_exact) {
  const std::string whole = pattern(5U << 20U);
  for (const size_t piece : {4096UL, 65536UL, 100001UL, 5UL << 20U}) {
    Pipe source = test::make_nonblocking_pipe();
    const Pipe sink = test::make_nonblocking_pipe();
    Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
    std::string received;
    std::string_view left = whole;
    Needs needs = Needs::Source;
    while (needs != Needs::Nothing) {
      std::string_view part = left.substr(0, piece);
      const size_t offered = part.size();
      feed(source.write.get(), part);
      left.remove_prefix(offered - part.size());
      if (left.empty()) {
        source.write.reset();
      }
      needs = relay.advance();
      received += test::read_available(sink.read.get());
    }
    EXPECT_TRUE(received == whole) << piece;
    EXPECT_EQ(relay.bytes_read(), whole.size());
    EXPECT_EQ(relay.bytes_delivered(), whole.size());
    EXPECT_FALSE(relay.sink_error() || relay.source_error());
  }
}

TEST(relay, byte_by_byte) {
  const Pipe source = test::make_nonblocking_pipe();
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
  EXPECT_EQ(relay.advance(), Needs::Source);
  const std::string text = pattern(300);
  for (size_t i = 0; i < text.size(); ++i) {
    test::must(write_all(source.write.get(), text.substr(i, 1), "source"));
    EXPECT_EQ(relay.advance(), Needs::Source);
    EXPECT_EQ(test::read_available(sink.read.get()), text.substr(i, 1));
    EXPECT_EQ(relay.bytes_delivered(), i + 1);
  }
}

TEST(relay, says_which_side_is_the_obstacle) {
  Pipe source = test::make_nonblocking_pipe();
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
  EXPECT_EQ(relay.advance(), Needs::Source);  // nothing to read
  std::string_view filler = std::string_view("x");
  std::string all;
  while (true) {  // fill both pipes
    const std::string page = pattern(4096);
    filler = page;
    feed(source.write.get(), filler);
    all += page.substr(0, page.size() - filler.size());
    if (advance_until_stuck(relay) == Needs::Sink && !filler.empty()) {
      break;
    }
  }
  EXPECT_GT(relay.bytes_delivered(), 0U);
  EXPECT_LT(relay.bytes_delivered(), all.size());
  EXPECT_EQ(relay.bytes_read(), relay.bytes_delivered());  // nothing is held in between
  source.write.reset();
  std::string received;
  Needs needs = Needs::Sink;
  while (needs != Needs::Nothing) {
    received += test::read_available(sink.read.get());
    EXPECT_TRUE(test::wait_ready(sink.write.get(), POLLOUT));
    needs = relay.advance();
  }
  received += test::read_available(sink.read.get());
  EXPECT_TRUE(received == all);
  EXPECT_EQ(relay.bytes_delivered(), all.size());
}

TEST(relay, a_slow_reader_gets_everything) {
  Pipe source = test::make_nonblocking_pipe();
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
  const std::string whole = pattern(300000);
  std::string_view left = whole;
  std::string received;
  std::array<char, 999> slow{};
  Needs needs = Needs::Source;
  while (needs != Needs::Nothing || bytes_waiting(sink.read.get()) > 0) {
    feed(source.write.get(), left);
    if (left.empty()) {
      source.write.reset();
    }
    if (needs != Needs::Nothing) {
      needs = relay.advance();
    }
    const auto got = test::must(read_some(sink.read.get(), slow.data(), slow.size(), "sink"));
    received.append(slow.data(), got.bytes);
  }
  EXPECT_TRUE(received == whole);
}

TEST(relay, pipe_to_a_file_opened_for_appending) {
  const test::TempDir dir;
  test::write_text(dir / "log", "before ");
  Pipe source = test::make_nonblocking_pipe();
  const UniqueFd log = test::open_fd(dir / "log", O_WRONLY | O_APPEND);
  Relay relay(source.read.get(), log.get(), OnSinkError::Discard);
  const std::string text = pattern(60000);
  test::must(write_all(source.write.get(), text, "source"));
  EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  source.write.reset();
  EXPECT_EQ(relay.advance(), Needs::Nothing);
  EXPECT_TRUE(test::read_text(dir / "log") == "before " + text);
  EXPECT_EQ(relay.bytes_delivered(), text.size());
}

TEST(relay, pipe_to_a_regular_file) {
  const test::TempDir dir;
  Pipe source = test::make_nonblocking_pipe();
  const UniqueFd file = test::open_fd(dir / "out", O_WRONLY | O_CREAT);
  Relay relay(source.read.get(), file.get(), OnSinkError::Discard);
  test::must(write_all(source.write.get(), "output", "source"));
  source.write.reset();
  EXPECT_EQ(advance_until_stuck(relay), Needs::Nothing);
  EXPECT_EQ(test::read_text(dir / "out"), "output");
}

TEST(relay, file_to_pipe_waits_for_room) {
  const test::TempDir dir;
  const std::string text = pattern(200000);
  test::write_text(dir / "in", text);
  const UniqueFd file = test::open_fd(dir / "in", O_RDONLY);
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(file.get(), sink.write.get(), OnSinkError::Stop);
  std::string received;
  Needs needs = advance_until_stuck(relay);
  EXPECT_EQ(needs, Needs::Sink);  // the pipe is full, the file is not at its end
  while (needs != Needs::Nothing) {
    received += test::read_available(sink.read.get());
    needs = relay.advance();
  }
  received += test::read_available(sink.read.get());
  EXPECT_TRUE(received == text);
  EXPECT_EQ(relay.bytes_read(), text.size());
}

TEST(relay, dev_null_as_source_ends_at_once) {
  const UniqueFd null = test::open_fd("/dev/null", O_RDONLY);
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(null.get(), sink.write.get(), OnSinkError::Stop);
  EXPECT_EQ(relay.advance(), Needs::Nothing);
  EXPECT_EQ(relay.bytes_read(), 0U);
  EXPECT_FALSE(relay.source_error() || relay.sink_error());
}

TEST(relay, dev_null_as_sink_takes_everything) {
  Pipe source = test::make_nonblocking_pipe();
  const UniqueFd null = test::open_fd("/dev/null", O_WRONLY);
  Relay relay(source.read.get(), null.get(), OnSinkError::Discard);
  std::string_view text = "x";
  const std::string piece = pattern(65536);
  for (int i = 0; i < 10; ++i) {
    text = piece;
    feed(source.write.get(), text);
    ASSERT_TRUE(text.empty());
    EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  }
  source.write.reset();
  EXPECT_EQ(relay.advance(), Needs::Nothing);
  EXPECT_EQ(relay.bytes_delivered(), 655360U);
}

// the disk is full, the container must not notice.
TEST(relay, a_full_disk_is_discarded_and_remembered) {
  Pipe source = test::make_nonblocking_pipe();
  const UniqueFd full = test::open_fd("/dev/full", O_WRONLY);
  Relay relay(source.read.get(), full.get(), OnSinkError::Discard);
  const std::string piece = pattern(65536);
  for (int i = 0; i < 10; ++i) {
    std::string_view text = piece;
    feed(source.write.get(), text);
    ASSERT_TRUE(text.empty()) << "the writer would block";
    EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  }
  source.write.reset();
  EXPECT_EQ(advance_until_stuck(relay), Needs::Nothing);
  EXPECT_EQ(relay.bytes_read(), 655360U);
  EXPECT_EQ(relay.bytes_delivered(), 0U);
  EXPECT_EQ(test::must(relay.sink_error()).message(), "write stream: no space left on device");
}

TEST(relay, a_full_disk_stops_if_asked_to) {
  const Pipe source = test::make_nonblocking_pipe();
  const UniqueFd full = test::open_fd("/dev/full", O_WRONLY);
  Relay relay(source.read.get(), full.get(), OnSinkError::Stop);
  test::must(write_all(source.write.get(), "x", "source"));
  EXPECT_EQ(relay.advance(), Needs::Nothing);
  EXPECT_EQ(test::must(relay.sink_error()).code, ENOSPC);
}

TEST(relay, a_sink_without_reader_stops_or_discards) {
  for (const auto on_sink_error : {OnSinkError::Stop, OnSinkError::Discard}) {
    Pipe source = test::make_nonblocking_pipe();
    Pipe sink = test::make_nonblocking_pipe();
    Relay relay(source.read.get(), sink.write.get(), on_sink_error);
    test::must(write_all(source.write.get(), "first", "source"));
    EXPECT_EQ(relay.advance(), Needs::Source);
    sink.read.reset();
    test::must(write_all(source.write.get(), "second", "source"));
    const bool stops = on_sink_error == OnSinkError::Stop;
    EXPECT_EQ(advance_until_stuck(relay), stops ? Needs::Nothing : Needs::Source);
    EXPECT_EQ(test::must(relay.sink_error()).code, EPIPE);
    EXPECT_EQ(relay.bytes_delivered(), 5U);
    if (!stops) {
      source.write.reset();
      EXPECT_EQ(advance_until_stuck(relay), Needs::Nothing);
      EXPECT_EQ(relay.bytes_read(), 11U);
    }
  }
}

TEST(relay, a_reader_that_returns_gets_what_comes_then) {
  const test::TempDir dir;
  test::must(dir.open().make_fifo("fifo"));
  const std::string path = dir / "fifo";
  const Pipe source = test::make_nonblocking_pipe();
  UniqueFd reader = test::open_fd(path, O_RDONLY | O_NONBLOCK);
  const UniqueFd writer = test::open_fd(path, O_WRONLY | O_NONBLOCK);
  Relay relay(source.read.get(), writer.get(), OnSinkError::Discard);
  reader.reset();
  test::must(write_all(source.write.get(), "lost", "source"));
  EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  reader = test::open_fd(path, O_RDONLY | O_NONBLOCK);
  test::must(write_all(source.write.get(), "seen", "source"));
  EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  EXPECT_EQ(test::read_available(reader.get()), "seen");
  EXPECT_EQ(relay.bytes_read(), 8U);
  EXPECT_EQ(relay.bytes_delivered(), 4U);
}

TEST(relay, pipes_grow_only_while_a_reader_keeps_up) {
  const std::string piece = pattern(1U << 20U);
  const auto pump = [&piece](const Pipe& source, Relay& relay) {
    std::string_view text = piece;
    feed(source.write.get(), text);
    static_cast<void>(relay.advance());
  };
  const Pipe source = test::make_nonblocking_pipe();
  const Pipe sink = test::make_nonblocking_pipe();
  const int initial = capacity_of(source.read.get());
  Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
  for (int i = 0; i < 20; ++i) {
    pump(source, relay);
    EXPECT_EQ(capacity_of(source.read.get()), initial) << "nobody reads";
    EXPECT_EQ(capacity_of(sink.read.get()), initial);
  }
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(test::read_available(sink.read.get()));
    static_cast<void>(advance_until_stuck(relay));
    static_cast<void>(test::read_available(sink.read.get()));
    pump(source, relay);
  }
  EXPECT_EQ(capacity_of(source.read.get()), kPipeSizeMax);
  EXPECT_EQ(capacity_of(sink.read.get()), kPipeSizeMax);
}

struct Terminal {
  UniqueFd master;  // does not block
  UniqueFd slave;   // passes bytes through unchanged
};
Terminal make_terminal() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    test::die("no terminal");
  }
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  test::must(set_nonblocking(master));
  return {UniqueFd(master), UniqueFd(slave)};
}

TEST(relay, a_terminal_as_source_ends_with_eio) {
  Terminal terminal = make_terminal();
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(terminal.master.get(), sink.write.get(), OnSinkError::Discard);
  EXPECT_EQ(relay.advance(), Needs::Source);
  const std::string text(3000, 't');
  test::must(write_all(terminal.slave.get(), text, "terminal"));
  terminal.slave.reset();
  Needs needs = Needs::Source;
  for (int i = 0; i < 10 && needs == Needs::Source; ++i) {
    EXPECT_TRUE(test::wait_ready(terminal.master.get(), POLLIN));
    needs = relay.advance();
  }
  EXPECT_EQ(needs, Needs::Nothing);
  EXPECT_EQ(test::read_available(sink.read.get()), text);
  EXPECT_EQ(relay.bytes_read(), 3000U);
  EXPECT_EQ(test::must(relay.source_error()).code, EIO);
  EXPECT_FALSE(relay.sink_error());
}

TEST(relay, a_terminal_as_sink_gets_everything) {
  const Terminal terminal = make_terminal();
  Pipe source = test::make_nonblocking_pipe();
  Relay relay(source.read.get(), terminal.master.get(), OnSinkError::Stop);
  test::must(set_nonblocking(terminal.slave.get()));
  const std::string text = pattern(30000);
  test::must(write_all(source.write.get(), text, "source"));
  source.write.reset();
  std::string received;
  Needs needs = Needs::Source;
  while (needs != Needs::Nothing) {
    needs = relay.advance();
    if (needs == Needs::Sink || needs == Needs::Nothing) {
      while (received.size() < relay.bytes_delivered() &&
             test::wait_ready(terminal.slave.get(), POLLIN)) {
        received += test::read_available(terminal.slave.get());
      }
    }
  }
  EXPECT_TRUE(received == text);
}

// splice(2) says only that the sink is full: nobody reads, and all that there was is in the fifo.
TEST(relay, the_end_is_seen_although_the_sink_is_full) {
  Pipe source = test::make_nonblocking_pipe();
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
  const auto capacity = static_cast<size_t>(capacity_of(sink.write.get()));
  const std::string text = pattern(capacity);
  test::must(write_all(source.write.get(), text, "source"));
  EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  source.write.reset();
  EXPECT_EQ(relay.advance(), Needs::Nothing);
  EXPECT_EQ(relay.bytes_delivered(), capacity);
  EXPECT_TRUE(test::read_available(sink.read.get()) == text);
}

// A source that is no pipe and has nothing to say must not make its caller wait for the sink, which
// is always ready: that would spin.
TEST(relay, a_silent_socket_needs_the_source) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  UniqueFd near(ends[0]);
  UniqueFd far(ends[1]);
  const Pipe sink = test::make_nonblocking_pipe();
  Relay relay(near.get(), sink.write.get(), OnSinkError::Stop);
  EXPECT_EQ(relay.advance(), Needs::Source);
  test::must(write_all(far.get(), "text", "socket"));
  EXPECT_EQ(advance_until_stuck(relay), Needs::Source);
  EXPECT_EQ(test::read_available(sink.read.get()), "text");
  far.reset();
  EXPECT_EQ(relay.advance(), Needs::Nothing);
}

TEST(relay, nothing_is_lost_when_the_writer_exits_at_once) {
  for (const size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 65535UL, 65536UL}) {
    Pipe source = test::make_nonblocking_pipe();
    const Pipe sink = test::make_nonblocking_pipe();
    Relay relay(source.read.get(), sink.write.get(), OnSinkError::Discard);
    const std::string text = pattern(size);
    test::must(write_all(source.write.get(), text, "source"));
    source.write.reset();
    EXPECT_EQ(advance_until_stuck(relay), Needs::Nothing);
    EXPECT_TRUE(test::read_available(sink.read.get()) == text) << size;
    EXPECT_EQ(relay.bytes_delivered(), size);
  }
}

}  // namespace
}  // namespace chock::sys
