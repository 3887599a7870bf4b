// SPDX-License-Identifier: Apache-2.0
// The Unix socket that clients connect to: ours, or the one that the service manager has made.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::supervisor::rpc {

// The group whose members may connect besides root and our own user; nothing if it does not exist.
[[nodiscard]] std::optional<gid_t> client_group();

// A listening socket, and its path for as long as it is ours to remove.
class Listener {
 public:
  // At `path`, mode 0660 and of `group`, or 0600 without one. A socket that nobody answers on any
  // more is replaced; a live one, or anything else, is an Error.
  [[nodiscard]] static Result<Listener> bind(const std::string& path,
                                             std::optional<gid_t> group = client_group());

  // Socket activation (sd_listen_fds(3)): the one socket passed to this process; nothing if there
  // is none. It stays when we go. Once only.
  [[nodiscard]] static Result<std::optional<Listener>> inherited();

  Listener(Listener&& other) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  enum class Origin { Bound, Inherited };
  Listener(sys::UniqueFd fd, std::string path, Origin origin)
      : fd_(std::move(fd)), path_(std::move(path)), origin_(origin) {}
  sys::UniqueFd fd_;
  std::string path_;
  Origin origin_;
};

// Whether whoever is at the other end of the connection may use it.
[[nodiscard]] Result<bool> may_connect(int connection, std::optional<gid_t> group);

}  // namespace chock::supervisor::rpc
