// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/listen.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/state/layout.h"
#include "supervisor/loopback.h"

namespace chock::supervisor::containerd {
namespace {

Result<rpc::Listener> bind(const std::string& path) {
  Result<rpc::Listener> listener = rpc::Listener::bind(path, ::getegid());
  if (!listener) {
    return input_error("", "",
                       "can't create unix socket " + path + ": " + listener.error().message());
  }
  return listener;
}

Result<rpc::Listener> inherit() {
  std::optional<rpc::Listener> inherited = TRY(rpc::Listener::inherited());
  if (!inherited) {
    return input_error("listen", "fd://", "the service manager has passed no socket");
  }
  return *std::move(inherited);
}

bool is_same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Whether `path` is the entry `name` of `dir`, however it gets there.
bool names_entry(const std::string& path, const sys::StateDir& dir, std::string_view name) {
  const size_t slash = path.rfind('/');
  const bool bare = slash == std::string::npos;
  const std::string parent = bare ? "." : path.substr(0, slash + 1);
  struct stat of_path{};
  struct stat of_dir{};
  return path.substr(bare ? 0 : slash + 1) == name && ::stat(parent.c_str(), &of_path) == 0 &&
         ::fstat(dir.fd(), &of_dir) == 0 && is_same_file(of_path, of_dir);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view kSeparator = "://";
  const size_t end = text.find(kSeparator);
  if (end == std::string_view::npos) {
    return input_error(
        "", "", "bad listen address format " + std::string(text) + ", expected proto://address");
  }
  const std::string_view proto = text.substr(0, end);
  const std::string place(text.substr(end + kSeparator.size()));
  if (proto == "unix" && !place.empty()) {
    return Address{Address::Kind::Unix, place};
  }
  if (proto == "tcp") {
    return Address{Address::Kind::Tcp, place};
  }
  if (proto == "fd" && (place.empty() || place == "*")) {
    return Address{Address::Kind::Inherited, {}};
  }
  if (proto == "unix" || proto == "fd") {
    return input_error("listen", text, "no such address");
  }
  return input_error("", "", "invalid protocol format: \"" + std::string(proto) + "\"");
}

Result<void> check_apart(const Address& address, const sys::StateDir& root) {
  if (address.kind == Address::Kind::Unix &&
      names_entry(address.place, root, state::layout::kSocket)) {
    return input_error("listen", address.place,
                       "chock's own commands connect there, choose another path");
  }
  return {};
}

Result<Listening> Listening::open(const Address& address) {
  switch (address.kind) {
    case Address::Kind::Unix:
      return Listening(TRY(bind(address.place)));
    case Address::Kind::Tcp:
      return Listening(TRY(listen_on_loopback(address.place)));
    case Address::Kind::Inherited:
      return Listening(TRY(inherit()));
  }
  __builtin_unreachable();
}

int Listening::fd() const {
  const auto* listener = std::get_if<rpc::Listener>(&socket_);
  return listener != nullptr ? listener->fd() : std::get<sys::UniqueFd>(socket_).get();
}

}  // namespace chock::supervisor::containerd
