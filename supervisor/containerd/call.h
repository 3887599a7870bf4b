// SPDX-License-Identifier: Apache-2.0
// One request of a client, from both sides: Call is gRPC's, on its threads; Responder is the
// loop's.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <string>
#include <utility>

#include <asio/any_io_executor.hpp>

#include "supervisor/containerd/door.h"
#include "supervisor/containerd/methods.h"
#include "supervisor/containerd/reply.h"
#include "supervisor/fd_watch.h"
#include "supervisor/latch.h"

namespace chock::supervisor::containerd {

class Api;

// Where the methods are carried out.
struct Backend {
  Door door;
  asio::any_io_executor loop;
  Api* api = nullptr;  // to be used on the loop only
};

// Lives from the arrival of the request until gRPC has done with it, which is never before it was
// finished. Every message in it is whole: nothing here knows what the bytes mean.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  // Null `method`: finishes with `refusal`.
  Call(Backend& backend, const Method* method, const grpc::Status& refusal);

  // By whoever has to answer; exactly one `finish`, as the last thing done to it.
  void send_headers() { StartSendInitialMetadata(); }
  void write(const std::string& message, std::shared_ptr<Latch> written);
  void finish(const Outcome& outcome);

  [[nodiscard]] const std::shared_ptr<Latch>& gone() const { return gone_; }

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }
  void carry_out(std::string request);

  Backend& backend_;
  const Method* method_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;         // what is being written
  std::shared_ptr<Latch> written_;  // set when it is, successfully or not
  std::shared_ptr<Latch> gone_ = std::make_shared<Latch>();
};

// The loop's hold on a call. One that goes without an answer, because the loop goes, says so.
class Responder {
 public:
  explicit Responder(Call& call) : call_(&call), gone_(call.gone()) {}
  Responder(Responder&& other) noexcept
      : call_(std::exchange(other.call_, nullptr)), gone_(std::move(other.gone_)) {}
  Responder& operator=(Responder&&) = delete;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  // Set when the client has cancelled or vanished, or the server stops.
  [[nodiscard]] Latch& gone() { return *gone_; }

  // Tells the client that its request was accepted, before there is anything to send.
  void send_headers() { call_->send_headers(); }
  // One message of a stream; completes when the connection has taken it, or the client is gone.
  [[nodiscard]] Awaitable<void> write(const std::string& message);
  void finish(const Outcome& outcome) { std::exchange(call_, nullptr)->finish(outcome); }

 private:
  Call* call_;  // null once finished
  std::shared_ptr<Latch> gone_;
};

}  // namespace chock::supervisor::containerd
