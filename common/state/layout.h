// SPDX-License-Identifier: Apache-2.0
// Every name inside the state directory; nobody else spells one (containerd 0.2 contract, and ours
// where marked). Extra files are invisible to peers of that contract, extra directories are not:
// they would be taken for containers or processes and deleted.
#pragma once

namespace chock::state::layout {

// The process id of a container's first process.
inline constexpr char kInit[] = "init";

// In the state root.
inline constexpr char kEventLog[] = "events.log";
inline constexpr char kSupervisorLock[] = "lock";  // ours: held by the one who serves this root
inline constexpr char kSocket[] = "chock.sock";    // ours: where that one listens

// In a container's directory.
inline constexpr char kContainerState[] = "state.json";
inline constexpr char kContainerLock[] = "container.lock";  // ours: held by whoever changes it
inline constexpr char kEnded[] = "ended";  // ours: in one that is kept, its exit has been published

// In a process's directory.
inline constexpr char kProcessState[] = "process.json";
inline constexpr char kExitFifo[] = "exit";
inline constexpr char kControlFifo[] = "control";
inline constexpr char kShimLog[] = "shim-log.json";
inline constexpr char kRuntimeLog[] = "log.json";
inline constexpr char kPid[] = "pid";
inline constexpr char kStarttime[] = "starttime";
inline constexpr char kExitStatus[] = "exitStatus";
inline constexpr char kRuntimePid[] = "runtime-pid";  // ours: where the runtime writes, until `pid`
inline constexpr char kExitRecord[] = "exit.json";    // ours: all that is known about the exit
// Ours: output that the shim could deliver to a fifo, and that nobody had read in the end.
inline constexpr char kStdoutTail[] = "stdout.tail";
inline constexpr char kStderrTail[] = "stderr.tail";
inline constexpr char kShimLock[] = "shim.lock";  // ours: held for as long as the shim lives
// Ours: the stdio fifos of a process that the supervisor itself is the client of.
inline constexpr char kStdinFifo[] = "stdin";
inline constexpr char kStdoutFifo[] = "stdout";
inline constexpr char kStderrFifo[] = "stderr";

// In a checkpoint's directory.
inline constexpr char kCheckpointConfig[] = "config.json";
inline constexpr char kCriuWork[] = "criu.work";

// In a bundle.
inline constexpr char kBundleConfig[] = "config.json";
inline constexpr char kCheckpoints[] = "checkpoints";  // one directory each

}  // namespace chock::state::layout
