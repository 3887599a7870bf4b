// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/command_line.h"

#include <initializer_list>

namespace chock::runtime {
namespace {

void append(Arguments& arguments, std::initializer_list<std::string> words) {
  arguments.insert(arguments.end(), words);
}

void append_if(Arguments& arguments, bool condition, std::initializer_list<std::string> words) {
  if (condition) {
    append(arguments, words);
  }
}

// Starts a command line; `options` go before the global arguments, which may override them.
Arguments begin(const Runtime& runtime, std::initializer_list<std::string> options = {}) {
  Arguments arguments{runtime.name};
  append(arguments, options);
  arguments.insert(arguments.end(), runtime.global_args.begin(), runtime.global_args.end());
  return arguments;
}

Arguments with_verb(const Runtime& runtime, std::initializer_list<std::string> words) {
  Arguments arguments = begin(runtime);
  append(arguments, words);
  return arguments;
}

Arguments begin_logged(const Runtime& runtime, const LaunchPaths& paths) {
  return begin(runtime, {"--log", paths.log, "--log-format", "json"});
}

void append_criu_options(Arguments& arguments, const state::CheckpointConfig& checkpoint) {
  append_if(arguments, checkpoint.shell, {"--shell-job"});
  append_if(arguments, checkpoint.tcp, {"--tcp-established"});
  append_if(arguments, checkpoint.unix_sockets, {"--ext-unix-sk"});
}

void append_empty_namespaces(Arguments& arguments, const state::CheckpointConfig& checkpoint) {
  for (const std::string& name : checkpoint.empty_namespaces) {
    append(arguments, {"--empty-ns", name});
  }
}

void append_console(Arguments& arguments, const LaunchPaths& paths) {
  append_if(arguments, !paths.console_socket.empty(), {"--console-socket", paths.console_socket});
}

}  // namespace

Arguments create(const Runtime& runtime, const LaunchPaths& paths, const std::string& bundle,
                 bool no_pivot, const std::string& id) {
  Arguments arguments = begin_logged(runtime, paths);
  append(arguments, {"create", "--bundle", bundle});
  append_console(arguments, paths);
  append_if(arguments, no_pivot, {"--no-pivot"});
  append(arguments, {"--pid-file", paths.pid_file, id});
  return arguments;
}

Arguments exec(const Runtime& runtime, const LaunchPaths& paths, const std::string& process_file,
               const std::string& id) {
  Arguments arguments = begin_logged(runtime, paths);
  append(arguments, {"exec", "-d", "--process", process_file});
  append_console(arguments, paths);
  append(arguments, {"--pid-file", paths.pid_file, id});
  return arguments;
}

Arguments restore(const Runtime& runtime, const LaunchPaths& paths, const RestoreRequest& request,
                  const std::string& id) {
  Arguments arguments = begin_logged(runtime, paths);
  append(arguments,
         {"restore", "-d", "--image-path", request.image_path, "--work-path", request.work_path});
  append_console(arguments, paths);  // the original forgot it and waited for ever
  append_criu_options(arguments, request.checkpoint);
  append_if(arguments, request.no_pivot, {"--no-pivot"});
  append_empty_namespaces(arguments, request.checkpoint);
  append(arguments, {"--pid-file", paths.pid_file, id});
  return arguments;
}

Arguments start(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"start", id});
}

Arguments kill_all(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"kill", "--all", id, "SIGKILL"});
}

Arguments remove(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"delete", id});
}

Arguments force_remove(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"delete", "-f", id});
}

Arguments pause(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"pause", id});
}

Arguments resume(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"resume", id});
}

Arguments update(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"update", "-r", "-", id});
}

Arguments ps(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"ps", "--format=json", id});
}

Arguments stats(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"events", "--stats", id});
}

Arguments query_state(const Runtime& runtime, const std::string& id) {
  return with_verb(runtime, {"state", id});
}

Arguments checkpoint(const Runtime& runtime, const CheckpointRequest& request,
                     const std::string& id) {
  // The original had the global arguments after the verb, where no runtime takes them (D34).
  Arguments arguments = with_verb(runtime, {"checkpoint", "--image-path", request.image_path,
                                            "--work-path", request.work_path});
  append_if(arguments, !request.checkpoint.exit, {"--leave-running"});
  append_criu_options(arguments, request.checkpoint);
  append_empty_namespaces(arguments, request.checkpoint);
  append(arguments, {id});
  return arguments;
}

}  // namespace chock::runtime
