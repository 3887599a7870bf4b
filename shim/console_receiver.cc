// SPDX-License-Identifier: Apache-2.0
#include "shim/console_receiver.h"

#include <utility>

namespace chock::shim {

ConsoleReceiver::ConsoleReceiver(ConsoleSocket socket, OnMaster on_master)
    : path_(socket.path()), socket_(std::move(socket)), on_master_(std::move(on_master)) {}

Result<void> ConsoleReceiver::start(sys::EventLoop& loop) {
  watch_ = TRY(loop.watch(socket_->fd(), EPOLLIN, sys::Order::Control,
                          [this, &loop](uint32_t) { accept(loop); }));
  return {};
}

void ConsoleReceiver::look(sys::EventLoop& loop) {
  if (socket_ && !connection_.valid()) {
    accept(loop);
  }
  if (connection_.valid()) {
    receive();
  }
}

void ConsoleReceiver::accept(sys::EventLoop& loop) {
  Result<std::optional<sys::UniqueFd>> taken = socket_->take_connection();
  if (!taken) {
    finish(std::unexpected(std::move(taken).error()));
    return;
  }
  if (!*taken) {
    return;
  }
  connection_ = **std::move(taken);
  Result<sys::Watch> watch =
      loop.watch(connection_.get(), EPOLLIN, sys::Order::Control, [this](uint32_t) { receive(); });
  if (!watch) {
    finish(std::unexpected(std::move(watch).error()));
    return;
  }
  watch_ = *std::move(watch);
}

void ConsoleReceiver::receive() {
  Result<std::optional<sys::UniqueFd>> received = receive_master(connection_.get());
  if (!received) {
    finish(std::unexpected(std::move(received).error()));
  } else if (*received) {
    finish(**std::move(received));
  }
}

void ConsoleReceiver::finish(Result<sys::UniqueFd> master) {
  watch_.reset();
  connection_.reset();
  socket_.reset();
  OnMaster on_master = std::exchange(on_master_, {});  // it may destroy this object
  on_master(std::move(master));
}

}  // namespace chock::shim
