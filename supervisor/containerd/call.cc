// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/call.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <exception>

#include <asio/co_spawn.hpp>

namespace chock::supervisor::containerd {
namespace {

grpc::ByteBuffer to_buffer(const std::string& message) {
  const grpc::Slice slice(message);
  return {&slice, 1};
}

std::string to_string(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) {
    return {};
  }
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// An exception of a library's ends here, with the request that it belongs to.
Awaitable<void> answer(Responder responder, Unary method, Api* api, std::string request) {
  Outcome outcome;
  try {
    outcome = co_await method(*api, std::move(request), responder.gone());
  } catch (const std::exception& failure) {
    outcome = std::unexpected(grpc::Status(grpc::StatusCode::INTERNAL, failure.what()));
  }
  responder.finish(outcome);
}

Awaitable<void> stream(Responder responder, Streaming method, Api* api, std::string request) {
  grpc::Status status;
  try {
    status = co_await method(*api, std::move(request), responder);
  } catch (const std::exception& failure) {
    status = grpc::Status(grpc::StatusCode::INTERNAL, failure.what());
  }
  responder.finish(std::unexpected(status));
}

void rethrow(const std::exception_ptr& failure) {
  if (failure) {
    std::rethrow_exception(failure);  // a mistake of ours: not to be survived
  }
}

}  // namespace

Call::Call(Backend& backend, const Method* method, const grpc::Status& refusal)
    : backend_(backend), method_(method) {
  if (method_ == nullptr) {
    Finish(refusal);
  } else {
    StartRead(&request_);
  }
}

void Call::write(const std::string& message, std::shared_ptr<Latch> written) {
  answer_ = to_buffer(message);
  written_ = std::move(written);
  StartWrite(&answer_);
}

void Call::finish(const Outcome& outcome) {
  if (outcome) {
    answer_ = to_buffer(*outcome);
    StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
  } else {
    Finish(outcome.error());
  }
}

void Call::OnReadDone(bool ok) {
  if (!ok) {
    Finish(grpc::Status(grpc::StatusCode::INTERNAL, "the request has no message"));
    return;
  }
  std::string request = to_string(request_);
  request_.Clear();
  if (const auto* immediate = std::get_if<Immediate>(&method_->serve)) {
    finish((*immediate)(request));
  } else {
    carry_out(std::move(request));
  }
}

void Call::carry_out(std::string request) {
  backend_.door.post([&backend = backend_, method = method_, request = std::move(request),
                      responder = Responder(*this)]() mutable {
    if (const auto* unary = std::get_if<Unary>(&method->serve)) {
      asio::co_spawn(backend.loop,
                     answer(std::move(responder), *unary, backend.api, std::move(request)),
                     rethrow);
    } else if (const auto* streaming = std::get_if<Streaming>(&method->serve)) {
      asio::co_spawn(backend.loop,
                     stream(std::move(responder), *streaming, backend.api, std::move(request)),
                     rethrow);
    }
  });
}

// One that failed does so because the call was cancelled, which OnCancel says.
void Call::OnWriteDone(bool /*ok*/) {
  if (written_) {
    backend_.door.post([written = std::move(written_)] { written->set(); });
  }
}

void Call::OnCancel() {
  backend_.door.post([gone = gone_] { gone->set(); });
}

Responder::~Responder() {
  if (call_ != nullptr) {
    call_->finish(std::unexpected(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server stops")));
  }
}

Awaitable<void> Responder::write(const std::string& message) {
  const auto written = std::make_shared<Latch>();
  call_->write(message, written);
  co_await written->wait();
}

}  // namespace chock::supervisor::containerd
