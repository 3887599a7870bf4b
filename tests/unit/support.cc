// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/support.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>

namespace chock::test {
namespace {

constexpr size_t kFileLimit = 64UL << 20U;
constexpr int kPatienceMs = 30000;

}  // namespace

void die(const std::string& reason) {
  std::fprintf(stderr, "test setup failed: %s\n", reason.c_str());
  std::abort();
}

TempDir::TempDir() {
  const char* parent = ::getenv("TMPDIR");
  path_ = std::string(parent != nullptr ? parent : "/tmp") + "/chock-unit-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) {
    die("cannot make " + path_);
  }
}

TempDir::~TempDir() {
  const size_t slash = path_.rfind('/');
  const auto parent = must(sys::StateDir::open(path_.substr(0, slash)));
  must(parent.remove_tree(path_.substr(slash + 1)));
}

std::string TempDir::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

sys::UniqueFd open_fd(const std::string& path, int flags) {
  sys::UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    die("cannot open " + path);
  }
  return fd;
}

void write_text(const std::string& path, std::string_view text) {
  must(sys::write_all(open_fd(path, O_WRONLY | O_CREAT | O_TRUNC).get(), text, path));
}

std::string read_text(const std::string& path) {
  return must(sys::read_all(open_fd(path, O_RDONLY).get(), kFileLimit, path));
}

sys::Pipe make_nonblocking_pipe() {
  sys::Pipe pipe = must(sys::make_pipe());
  must(sys::set_nonblocking(pipe.read.get()));
  must(sys::set_nonblocking(pipe.write.get()));
  return pipe;
}

std::string read_available(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto got = must(sys::read_some(fd, buffer.data(), buffer.size(), "test"));
    if (got.kind != sys::ReadResult::Kind::Bytes) {
      return text;
    }
    text.append(buffer.data(), got.bytes);
  }
}

bool wait_ready(int fd, short events) {
  pollfd poll_fd{fd, events, 0};
  return ::poll(&poll_fd, 1, kPatienceMs) == 1;
}

sys::Pidfd fork_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(body());
  }
  return must(sys::Pidfd::open(pid));
}

sys::Reaped wait_for(const sys::Pidfd& child) {
  if (!wait_ready(child.fd(), POLLIN)) {
    die("a child did not end in time");
  }
  return must(must(child.reap()));
}

sys::Command shell(const std::string& script) {
  sys::Command command;
  command.path = "/bin/sh";
  command.arguments = {"sh", "-c", script};
  return command;
}

Output run(sys::Command command) {
  const sys::UniqueFd null = open_fd("/dev/null", O_RDWR);
  sys::Pipe pipe = must(sys::make_pipe());
  command.stdio = {null.get(), pipe.write.get(), null.get()};
  const sys::Pidfd child = must(sys::spawn(command));
  pipe.write.reset();
  Output output{must(sys::read_all(pipe.read.get(), kFileLimit, "output")), {}};
  output.status = wait_for(child).status;
  return output;
}

}  // namespace chock::test
