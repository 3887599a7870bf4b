// SPDX-License-Identifier: Apache-2.0
#include "supervisor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <optional>
#include <tuple>

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using test::code_of;
using test::must;

struct Terminal {
  sys::UniqueFd master, slave;
};

Terminal make_terminal() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    test::die("openpty failed");
  }
  return {sys::UniqueFd(master), sys::UniqueFd(slave)};
}

auto mode_of(const sys::UniqueFd& terminal) {
  termios mode{};
  if (::tcgetattr(terminal.get(), &mode) != 0) {
    test::die("tcgetattr failed");
  }
  return std::tuple(mode.c_iflag, mode.c_oflag, mode.c_lflag, mode.c_cflag);
}

bool echoes(const sys::UniqueFd& terminal) { return (std::get<2>(mode_of(terminal)) & ECHO) != 0; }

TEST(terminal, raw_while_alive) {
  const Terminal terminal = make_terminal();
  const auto before = mode_of(terminal.slave);
  {
    const RawMode raw = must(RawMode::enter(terminal.slave.get()));
    EXPECT_FALSE(echoes(terminal.slave));
    EXPECT_EQ(std::get<2>(mode_of(terminal.slave)) & (ISIG | ICANON), 0U);
    EXPECT_EQ(std::get<1>(mode_of(terminal.slave)) & OPOST, 0U);
  }
  EXPECT_EQ(mode_of(terminal.slave), before);
}

TEST(terminal, a_moved_owner_restores_once) {
  const Terminal terminal = make_terminal();
  const auto before = mode_of(terminal.slave);
  std::optional<RawMode> outer;
  {
    RawMode inner = must(RawMode::enter(terminal.slave.get()));
    outer.emplace(std::move(inner));
  }
  EXPECT_FALSE(echoes(terminal.slave)) << "the one that was moved from has restored it";
  outer.reset();
  EXPECT_EQ(mode_of(terminal.slave), before);
}

TEST(terminal, raw_again_after_somebody_else_set_it) {
  const Terminal terminal = make_terminal();
  termios cooked{};
  ASSERT_EQ(::tcgetattr(terminal.slave.get(), &cooked), 0);
  const RawMode raw = must(RawMode::enter(terminal.slave.get()));
  ASSERT_EQ(::tcsetattr(terminal.slave.get(), TCSANOW, &cooked), 0);
  raw.reenter();
  EXPECT_FALSE(echoes(terminal.slave));
}

TEST(terminal, output_that_nobody_takes_does_not_keep_us) {
  const Terminal terminal = make_terminal();
  ASSERT_EQ(::fcntl(terminal.slave.get(), F_SETFL, O_NONBLOCK), 0);
  const auto before = mode_of(terminal.slave);
  {
    const RawMode raw = must(RawMode::enter(terminal.slave.get()));
    const std::string text(4096, 'x');
    while (::write(terminal.slave.get(), text.data(), text.size()) > 0) {
    }
  }
  EXPECT_EQ(mode_of(terminal.slave), before);
}

TEST(terminal, what_is_none) {
  const sys::UniqueFd null = test::open_fd("/dev/null", O_RDWR);
  EXPECT_EQ(code_of(RawMode::enter(null.get())), ENOTTY);
  EXPECT_EQ(window_size(null.get()), std::nullopt);
}

TEST(terminal, size) {
  const Terminal terminal = make_terminal();
  EXPECT_EQ(window_size(terminal.slave.get()), std::nullopt) << "0 by 0 is no size";
  const winsize size{43, 132, 0, 0};
  ASSERT_EQ(::ioctl(terminal.master.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(window_size(terminal.slave.get()), (WindowSize{132, 43}));
}

}  // namespace
}  // namespace chock::supervisor
