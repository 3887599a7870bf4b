// SPDX-License-Identifier: Apache-2.0
#include "common/sys/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace chock::sys {
namespace {

constexpr mode_t kDirMode = 0700;
constexpr mode_t kFileMode = 0600;

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// readdir(3) leaves d_type unknown on some file systems.
bool is_directory(int dir_fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR;
  }
  struct stat info{};
  return ::fstatat(dir_fd, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Result<StateDir> StateDir::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("open", path);
  }
  return StateDir(std::move(fd), path);
}

Result<StateDir> StateDir::open_dir(const std::string& name) const {
  UniqueFd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("open", path_of(name));
  }
  return StateDir(std::move(fd), path_of(name));
}

Result<StateDir> StateDir::make_dir(const std::string& name) const {
  if (::mkdirat(fd_.get(), name.c_str(), kDirMode) != 0) {
    return system_error("mkdir", path_of(name));
  }
  return open_dir(name);
}

Result<void> StateDir::make_fifo(const std::string& name) const {
  if (::mkfifoat(fd_.get(), name.c_str(), kFileMode) != 0 && errno != EEXIST) {
    return system_error("mkfifo", path_of(name));
  }
  return {};
}

Result<UniqueFd> StateDir::open_entry(const std::string& name, int flags, mode_t type) const {
  UniqueFd fd(
      ::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kFileMode));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return system_error("open", name);
  }
  if ((info.st_mode & S_IFMT) != type) {
    return input_error("open", name, type == S_IFIFO ? "not a fifo" : "not a regular file");
  }
  return fd;
}

Result<std::optional<std::string>> StateDir::read_file(const std::string& name,
                                                       size_t limit) const {
  Result<UniqueFd> fd = open_entry(name, O_RDONLY);
  if (!fd && fd.error().code == ENOENT) {
    return std::nullopt;
  }
  if (!fd) {
    return std::unexpected(std::move(fd).error());
  }
  return TRY(read_all(fd->get(), limit, name));
}

Result<std::vector<StateDir::Entry>> StateDir::list() const {
  // A descriptor of its own: a duplicate would share the read position.
  UniqueFd fd(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, DirCloser> dir(fd.valid() ? ::fdopendir(fd.get()) : nullptr);
  if (!dir) {
    return system_error("list", path_);
  }
  const int dir_fd = fd.take();  // closedir(3) closes it
  std::vector<Entry> entries;
  errno = 0;
  // One reader per DIR stream, which is all that thread safety of readdir(3) asks for.
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name(entry->d_name);
    if (name != "." && name != "..") {
      entries.push_back({name, is_directory(dir_fd, *entry)});
    }
    errno = 0;
  }
  if (errno != 0) {
    return system_error("list", path_);
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Result<void> StateDir::remove_file(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return system_error("remove", path_of(name));
  }
  return {};
}

Result<void> StateDir::remove_tree(const std::string& name) const {
  // Somebody may make a file in there meanwhile, though not for ever: a shim that ends, a lock.
  constexpr int kTries = 16;
  for (int left = kTries; left > 0; --left) {
    Result<StateDir> inner = open_dir(name);
    if (!inner && inner.error().code == ENOENT) {
      return {};
    }
    if (!inner) {
      return std::unexpected(std::move(inner).error());
    }
    for (const Entry& entry : TRY(inner->list())) {
      TRY(entry.directory ? inner->remove_tree(entry.name) : inner->remove_file(entry.name));
    }
    if (::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
      return {};
    }
    if (errno != ENOTEMPTY) {
      break;
    }
  }
  return system_error("remove", path_of(name));
}

}  // namespace chock::sys
