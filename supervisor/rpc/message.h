// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 messages, one object a line: reading requests, writing answers and notifications.
// Pure functions, total on any input.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/state/json.h"

namespace chock::supervisor::rpc {

// Bytes of one line; the largest process specs that runtimes see are a tenth of it.
inline constexpr size_t kLineLimit = 4UL << 20U;

// The codes of the specification (section 5.1), and ours for failed operations.
enum class Code : int {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  Failed = -32000,
  NotFound = -32001,  // no such container, process, file
  Exists = -32002,    // the id is taken
  Canceled = -32003,
};

struct Request {
  std::string method;
  state::Json params;             // an object, or null
  std::optional<state::Json> id;  // none: a notification, never answered
};

// What an answer says instead of a result. `id` is null where the request's cannot be known.
struct Refusal {
  state::Json id;
  Code code = Code::InvalidRequest;
  std::string reason;
  bool notification = false;  // it was one: nobody is told (section 4.1)
};
[[nodiscard]] std::expected<Request, Refusal> parse_request(std::string_view line);

// One line each, with its newline.
[[nodiscard]] std::string format_request(uint64_t id, const std::string& method,
                                         const state::Json& params);
[[nodiscard]] std::string format_answer(const state::Json& id, const state::Json& result);
[[nodiscard]] std::string format_refusal(const Refusal& refusal);
// A failed operation; `data` has operation, object and errno.
[[nodiscard]] std::string format_failure(const state::Json& id, const Error& error);
[[nodiscard]] std::string format_notification(const std::string& method, const state::Json& params);

// What a client gets: an answer to the request `id`, or a notification with `method`.
struct Incoming {
  std::optional<uint64_t> id;
  std::string method;
  state::Json content;  // the result, or the params
  std::optional<Error> failure;
};
[[nodiscard]] Result<Incoming> parse_incoming(std::string_view line);

}  // namespace chock::supervisor::rpc
