// SPDX-License-Identifier: Apache-2.0
// What is done to a single process: signals, its terminal, its stdin.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "common/state/control_message.h"
#include "common/state/layout.h"
#include "supervisor/container_files.h"
#include "supervisor/evidence.h"
#include "supervisor/operations.h"
#include "supervisor/stdio_plan.h"

namespace chock::supervisor {
namespace {

Result<sys::StateDir> find_process(const Core& core, const char* operation, const std::string& id,
                                   const std::string& process) {
  const sys::StateDir container = TRY(open_container(core, operation, id));
  return open_process(container, operation, id, process_or_init(process));
}

// One write is atomic (PIPE_BUF), and a fifo without a reader is one without a shim. A full one is
// a shim that does not read, which must not stop us (D49).
Result<Done> send(const sys::StateDir& process, const char* operation, const std::string& id,
                  const state::ControlMessage& message) {
  const Result<sys::UniqueFd> fifo =
      process.open_entry(state::layout::kControlFifo, O_WRONLY, S_IFIFO);
  if (!fifo && fifo.error().code == ENXIO) {
    return system_error(ESRCH, operation, id);
  }
  if (!fifo) {
    return std::unexpected(fifo.error());
  }
  const std::string line = state::format_control_line(message);
  if (::write(fifo->get(), line.data(), line.size()) < 0) {
    return system_error(operation, id);
  }
  return Done{};
}

}  // namespace

Result<Done> signal_process(const Core& core, const KillRequest& request) {
  const sys::StateDir dir = TRY(find_process(core, "kill", request.id, request.process));
  const sys::UniqueFd exit_fifo = TRY(open_exit_fifo(dir));
  const Evidence evidence = TRY(read_evidence(dir, exit_fifo.get()));
  // The kernel takes signals to a zombie, which its shim may not have got to yet.
  const bool alive = evidence.process && !evidence.process->ended() && !evidence.exit_status;
  if (!alive || TRY(evidence.process->signal(request.signal)) == sys::Pidfd::Delivery::Gone) {
    return system_error(ESRCH, "kill", request.id);
  }
  return Done{};
}

Result<Done> resize_terminal(const Core& core, const ResizeRequest& request) {
  const sys::StateDir dir = TRY(find_process(core, "resize", request.id, request.process));
  const Result<state::ProcessState> state = read_process(dir);
  if (state && !state->process.terminal) {  // its shim would not do anything, and not say so
    return std::unexpected(Error{ENOTTY, "resize", request.id, "the process has no terminal"});
  }
  return send(dir, "resize", request.id,
              {.type = state::ControlMessage::Type::Resize,
               .width = request.width,
               .height = request.height});
}

Result<Done> close_input(const Core& core, const CloseStdinRequest& request) {
  const sys::StateDir dir = TRY(find_process(core, "close-stdin", request.id, request.process));
  return send(dir, "close-stdin", request.id, {.type = state::ControlMessage::Type::CloseStdin});
}

Result<AttachAnswer> find_streams(const Core& core, const AttachRequest& request) {
  const std::string process = process_or_init(request.process);
  const sys::StateDir dir = TRY(find_process(core, "attach", request.id, process));
  const state::ProcessState state = TRY(read_process(dir));
  const sys::UniqueFd exit_fifo = TRY(open_exit_fifo(dir));
  const Evidence evidence = TRY(read_evidence(dir, exit_fifo.get()));
  if (!evidence.shim_lives) {
    return system_error(ESRCH, "attach", request.id);
  }
  AttachAnswer answer = answer_for(request.id, process, dir.path(), state);
  answer.pid = evidence.pid.value_or(0);
  return answer;
}

}  // namespace chock::supervisor
