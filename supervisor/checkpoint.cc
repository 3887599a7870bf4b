// SPDX-License-Identifier: Apache-2.0
// Checkpoints: a directory each, with a config.json of ours and the runtime's images.
#include <errno.h>

#include "common/state/id.h"
#include "common/state/json.h"
#include "common/state/layout.h"
#include "common/state/timestamp.h"
#include "common/sys/atomic_file.h"
#include "supervisor/co_try.h"
#include "supervisor/container_files.h"
#include "supervisor/make_directories.h"
#include "supervisor/operations.h"
#include "supervisor/running.h"

namespace chock::supervisor {
namespace {

namespace layout = state::layout;

// All memory of the container is written to disk in it.
constexpr std::chrono::minutes kCheckpointDeadline{10};

std::string directory_or_default(const std::string& directory, const std::string& bundle) {
  return directory.empty() ? bundle + "/" + layout::kCheckpoints : directory;
}

// A checkpoint in the making: taken away again unless it was kept.
class NewCheckpoint {
 public:
  static Result<NewCheckpoint> make(const std::string& parent_path,
                                    state::CheckpointConfig config) {
    TRY(make_directories(parent_path));
    sys::StateDir parent = TRY(sys::StateDir::open(parent_path));
    const std::string name = config.name;
    const sys::StateDir dir = TRY(parent.make_dir(name));
    NewCheckpoint made(std::move(parent), name);
    config.created = state::format_timestamp(state::wall_clock());
    TRY(sys::write_file(dir, layout::kCheckpointConfig, state::format_checkpoint_config(config)));
    return made;
  }
  NewCheckpoint(NewCheckpoint&& other) noexcept = default;
  NewCheckpoint& operator=(NewCheckpoint&&) = delete;
  NewCheckpoint(const NewCheckpoint&) = delete;
  NewCheckpoint& operator=(const NewCheckpoint&) = delete;
  ~NewCheckpoint() {
    if (parent_) {
      // What it is in the way of, a second try, will say so.
      static_cast<void>(parent_->remove_tree(name_));
    }
  }

  void keep() { parent_.reset(); }
  [[nodiscard]] std::string path() const { return parent_->path_of(name_); }

 private:
  NewCheckpoint(sys::StateDir parent, std::string name)
      : parent_(std::make_unique<sys::StateDir>(std::move(parent))), name_(std::move(name)) {}

  std::unique_ptr<sys::StateDir> parent_;  // null: kept, or moved from
  std::string name_;
};

Order order_of(const Running& container, const std::string& path,
               const state::CheckpointConfig& config) {
  const runtime::CheckpointRequest request{
      .image_path = path, .work_path = path + "/" + layout::kCriuWork, .checkpoint = config};
  return {.operation = "checkpoint",
          .arguments = runtime::checkpoint(container.runtime, request, container.id),
          .deadline = kCheckpointDeadline,
          .ends_container = config.exit};
}

Result<std::string> directory_of(const Core& core, const char* operation, const std::string& id,
                                 const std::string& directory) {
  const sys::StateDir dir = TRY(open_container(core, operation, id));
  return directory_or_default(directory, TRY(read_container(dir)).bundle);
}

Result<CheckpointListAnswer> list(const sys::StateDir& directory) {
  CheckpointListAnswer answer;
  for (const sys::StateDir::Entry& entry : TRY(directory.list())) {
    if (!entry.directory) {
      continue;
    }
    const sys::StateDir dir = TRY(directory.open_dir(entry.name));
    const std::optional<std::string> text =
        TRY(dir.read_file(layout::kCheckpointConfig, state::kFileLimit));
    if (!text) {
      continue;  // somebody else's directory
    }
    state::CheckpointConfig config =
        TRY(state::parse_checkpoint_config(*text, dir.path_of(layout::kCheckpointConfig)));
    config.name = entry.name;  // what it can be restored and deleted by
    answer.checkpoints.push_back(std::move(config));
  }
  return answer;
}

}  // namespace

Awaitable<Result<Done>> create_checkpoint(SharedCore core, CheckpointCreateRequest request) {
  CO_TRY(state::check_id(request.checkpoint.name, "checkpoint name"));
  const Result<Turn> turn = co_await take_turn(core, "checkpoint", request.id);
  CO_TRY(turn);
  const Result<Running> container = find_running(*core, "checkpoint", request.id);
  CO_TRY(container);
  Result<NewCheckpoint> made = NewCheckpoint::make(
      directory_or_default(request.directory, container->bundle), request.checkpoint);
  CO_TRY(made);
  Order order = order_of(*container, made->path(), request.checkpoint);
  CO_TRY(co_await run_on(*container, std::move(order)));
  made->keep();
  co_return Done{};
}

Result<CheckpointListAnswer> list_checkpoints(const Core& core,
                                              const CheckpointListRequest& request) {
  const std::string path =
      TRY(directory_of(core, "list checkpoints", request.id, request.directory));
  const Result<sys::StateDir> directory = sys::StateDir::open(path);
  if (!directory && directory.error().code == ENOENT) {
    return CheckpointListAnswer{};
  }
  return directory ? list(*directory) : std::unexpected(directory.error());
}

Awaitable<Result<Done>> delete_checkpoint(SharedCore core, CheckpointDeleteRequest request) {
  CO_TRY(state::check_id(request.name, "checkpoint name"));
  const Result<Turn> turn = co_await take_turn(core, "delete checkpoint", request.id);
  CO_TRY(turn);
  const Result<std::string> path =
      directory_of(*core, "delete checkpoint", request.id, request.directory);
  CO_TRY(path);
  const Result<sys::StateDir> directory = sys::StateDir::open(*path);
  if (!directory && directory.error().code == ENOENT) {
    co_return Done{};
  }
  CO_TRY(directory);
  CO_TRY(directory->remove_tree(request.name));
  co_return Done{};
}

}  // namespace chock::supervisor
