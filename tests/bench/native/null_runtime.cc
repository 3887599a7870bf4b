// SPDX-License-Identifier: Apache-2.0
// An OCI runtime that does nothing, fast, so that what is measured is whoever calls it. `create`
// and `exec` leave a process behind that waits for a signal; `kill` and `delete` end the
// container's; every other verb succeeds. Containers are files in $NULL_RUNTIME_DIR.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Request {
  std::vector<std::string> words;  // verb, id, signal
  std::string pid_file;
};

bool takes_value(std::string_view option) {
  static constexpr std::array<std::string_view, 7> kOptions = {
      "--log", "--log-format", "--root", "--bundle", "--process", "--console-socket", "--pid-file"};
  return std::ranges::find(kOptions, option) != kOptions.end();
}

Request parse(std::span<char*> arguments) {
  Request request;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (takes_value(word) && i + 1 < arguments.size()) {
      ++i;
      request.pid_file = word == "--pid-file" ? arguments[i] : request.pid_file;
    } else if (!word.starts_with('-')) {
      request.words.emplace_back(word);
    }
  }
  return request;
}

std::string file_of(const std::string& id) {
  const char* directory = ::getenv("NULL_RUNTIME_DIR");
  return (directory == nullptr ? "/tmp" : directory) + ("/" + id);
}

bool write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// It keeps 0, 1 and 2 and nothing else, like a container's process.
[[noreturn]] void wait_for_a_signal() {
  ::setsid();
  ::close_range(3, ~0U, 0);
  for (;;) {
    ::pause();
  }
}

int create(const Request& request, const std::string& id_file) {
  const pid_t child = ::fork();
  if (child == 0) {
    wait_for_a_signal();
  }
  const std::string text = std::to_string(child);
  return child > 0 && write_file(id_file, text) && write_file(request.pid_file, text) ? 0 : 1;
}

int end(const std::string& id_file) {
  std::array<char, 16> text{};
  const int fd = ::open(id_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::read(fd, text.data(), text.size() - 1) <= 0) {
    return 1;
  }
  ::kill(std::atoi(text.data()), SIGKILL);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Request request = parse({argv, static_cast<size_t>(argc)});
  if (request.words.size() < 2) {
    return 0;
  }
  const std::string& verb = request.words[0];
  const std::string id_file = file_of(request.words[1]);
  if (verb == "create") {
    return create(request, id_file);
  }
  if (verb == "exec") {
    return create(request, id_file + ".exec");
  }
  if (verb == "kill") {
    return end(id_file);
  }
  if (verb == "delete") {
    // Dead already is as good, and so is deleted already: it may be `delete --force`.
    static_cast<void>(end(id_file));
    return ::unlink(id_file.c_str()) == 0 || errno == ENOENT ? 0 : 1;
  }
  return 0;
}
