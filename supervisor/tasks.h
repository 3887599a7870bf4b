// SPDX-License-Identifier: Apache-2.0
// Every operation on containers as a plain request and its answer. supervisor.h carries them out,
// task_json.h has their JSON forms, with the limits of each field.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/state/checkpoint_config.h"
#include "common/state/json.h"
#include "common/state/oci_process.h"

namespace chock::supervisor {

// The answer of an operation that has nothing to tell but that it is done.
struct Done {};

// What a process's streams are connected to. An empty path is /dev/null.
struct StdioRequest {
  std::string in, out, err;  // absolute paths of fifos or files that exist
  std::string log;           // absolute; made if need be, stdout and stderr are appended to it
  bool fifos = false;  // fifos in the process's directory instead, whose readers the client opens
                       // when it is told that they are there: see Caller::prepared
};

// The paths in the end.
struct StdioPaths {
  std::string in, out, err;
};

// Make a container from a bundle and start it; with a checkpoint, restore it from there.
struct StartRequest {
  std::string id;
  std::string bundle;   // absolute
  std::string runtime;  // name or absolute path; empty: the supervisor's, with its arguments
  std::vector<std::string> runtime_args;  // only with `runtime`
  std::optional<std::vector<std::string>> labels;
  bool no_pivot = false;
  StdioRequest stdio;
  std::string checkpoint;      // its name; empty: none
  std::string checkpoint_dir;  // absolute, where it is; empty: BUNDLE/checkpoints
  std::optional<state::ConsoleSize> console_size;  // of the terminal, if it has one
  bool keep = false;                     // its directory stays when it has ended, until a delete
  std::chrono::milliseconds timeout{0};  // until the process exists; 0: the supervisor's
};
struct StartAnswer {
  std::string id;
  std::string process;    // "init", or the exec's
  pid_t pid = 0;          // on the host
  std::string directory;  // the process's, below the state root
  bool terminal = false;
  StdioPaths stdio;
};

// Start another process in a running container.
struct ExecRequest {
  std::string id;
  std::string process;  // id of the new process; empty: one is made up
  // Either all of it, or what differs from the process of the bundle.
  std::optional<state::OciProcess> spec;
  std::vector<std::string> args;
  std::vector<std::string> env;           // added
  std::string cwd;                        // empty: as the bundle has it
  std::optional<state::User> user;        // none: as the bundle has it
  std::vector<std::string> capabilities;  // added to all sets but the ambient one
  bool no_new_privileges = false;         // true: set; false: as the bundle has it
  bool terminal = false;
  std::optional<state::ConsoleSize> console_size;
  StdioRequest stdio;
  std::chrono::milliseconds timeout{0};  // as for a start
};

// Where to find the streams of a running process.
struct AttachRequest {
  std::string id;
  std::string process;  // empty: init, here and below
};
using AttachAnswer = StartAnswer;

struct KillRequest {
  std::string id;
  std::string process;
  int signal = 0;
};

// Wait for the end of a process.
struct WaitRequest {
  std::string id;
  std::string process;
};
struct WaitAnswer {
  uint32_t status = 0;  // as in exitStatus
};

enum class Status {
  Creating,
  Created,  // init only: it waits for the runtime's `start`
  Running,
  Paused,
  Stopped,
  Broken
};

struct ProcessInfo {
  std::string process;  // its id
  Status status = Status::Running;
  pid_t pid = 0;                        // on the host; 0: unknown
  std::optional<uint32_t> exit_status;  // Stopped only
  state::OciProcess spec;
  StdioPaths stdio;
};
struct ContainerInfo {
  std::string id;
  Status status = Status::Running;
  std::string reason;  // Broken only: why nothing is known of it
  std::string bundle;
  std::string runtime;
  std::vector<std::string> runtime_args;
  std::vector<std::string> labels;
  std::string directory;
  std::vector<ProcessInfo> processes;  // init first
};
struct StateRequest {
  std::string id;
};
struct ListRequest {};
struct ListAnswer {
  std::vector<ContainerInfo> containers;  // by id
};

// Take away a container that has stopped; `force`: or stop it first.
struct DeleteRequest {
  std::string id;
  bool force = false;
};

struct ResizeRequest {
  std::string id;
  std::string process;
  uint16_t width = 0;   // columns
  uint16_t height = 0;  // rows
};
struct CloseStdinRequest {
  std::string id;
  std::string process;
};

struct PauseRequest {
  std::string id;
};
struct ResumeRequest {
  std::string id;
};

// Limits of a container. 0 or empty: leave it as it is.
struct Resources {
  int64_t memory_limit = 0;  // bytes, all of these
  int64_t memory_reservation = 0;
  int64_t memory_swap = 0;
  int64_t kernel_memory = 0;
  int64_t kernel_tcp_memory = 0;
  uint64_t cpu_shares = 0;
  uint64_t cpu_period = 0;  // microseconds
  int64_t cpu_quota = 0;    // microseconds
  uint64_t cpu_realtime_period = 0;
  int64_t cpu_realtime_runtime = 0;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  uint16_t blkio_weight = 0;
  int64_t pids_limit = 0;
};
struct UpdateRequest {
  std::string id;
  Resources resources;
};

// One reading.
struct StatsRequest {
  std::string id;
};
struct StatsAnswer {
  std::string timestamp;  // just before the reading
  state::Json data;       // runtime/stats.h
};

struct PsRequest {
  std::string id;
};
struct PsAnswer {
  std::vector<pid_t> pids;  // on the host, all of the container
};

struct CheckpointCreateRequest {
  std::string id;
  std::string directory;  // absolute; empty: BUNDLE/checkpoints, here and below
  state::CheckpointConfig checkpoint;
};
struct CheckpointListRequest {
  std::string id;
  std::string directory;
};
struct CheckpointListAnswer {
  std::vector<state::CheckpointConfig> checkpoints;
};
struct CheckpointDeleteRequest {
  std::string id;
  std::string directory;
  std::string name;
};

}  // namespace chock::supervisor
