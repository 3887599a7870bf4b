// SPDX-License-Identifier: Apache-2.0
#include "supervisor/rpc/message.h"

#include <errno.h>
#include <string.h>

#include <algorithm>

namespace chock::supervisor::rpc {
namespace {

using state::Json;

constexpr const char* kVersion = "2.0";

Json message() { return Json{{"jsonrpc", kVersion}}; }

std::string line_of(const Json& json) { return state::format_json(json) + "\n"; }

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The one value of a line.
Result<Json> parse_line(std::string_view line) {
  state::ParsedJson parsed = TRY(state::parse_first_json(line, "message"));
  if (!is_blank(line.substr(parsed.length))) {
    return input_error("parse", "message", "more than one value in a line");
  }
  return std::move(parsed.value);
}

bool is_version_two(const Json& json) {
  const auto version = json.find("jsonrpc");
  return version != json.end() && version->is_string() && *version == kVersion;
}

// Section 4: a string, a number, or null.
bool is_id(const Json& json) { return json.is_string() || json.is_number() || json.is_null(); }

std::expected<Request, Refusal> read_request(const Json& json) {
  if (!json.is_object()) {
    return std::unexpected(Refusal{.id = nullptr,
                                   .reason = json.is_array()
                                                 ? "batches are not supported: one object a line"
                                                 : "not an object"});
  }
  Request request;
  const auto id = json.find("id");
  if (id != json.end()) {
    if (!is_id(*id)) {
      return std::unexpected(
          Refusal{.id = nullptr, .reason = "id must be a string, a number or null"});
    }
    request.id = *id;
  }
  const Json answer_to = request.id.value_or(nullptr);
  const auto method = json.find("method");
  if (!is_version_two(json) || method == json.end() || !method->is_string()) {
    return std::unexpected(
        Refusal{.id = answer_to, .reason = "needs jsonrpc \"2.0\" and a method"});
  }
  request.method = method->get<std::string>();
  const auto params = json.find("params");
  request.params = params == json.end() ? Json() : *params;
  if (!request.params.is_object() && !request.params.is_null()) {
    return std::unexpected(Refusal{.id = answer_to,
                                   .code = Code::InvalidParams,
                                   .reason = "params must be an object",
                                   .notification = !request.id});
  }
  return request;
}

Code code_of(const Error& error) {
  switch (error.code) {
    case ENOSYS:
      return Code::MethodNotFound;
    case EINVAL:
      return Code::InvalidParams;
    case ENOENT:
    case ESRCH:
      return Code::NotFound;
    case EEXIST:
      return Code::Exists;
    case ECANCELED:
      return Code::Canceled;
    default:
      return Code::Failed;
  }
}

Error error_from(const Json& json) {
  state::JsonReader reader(json, "error");
  Error error{.detail = reader.string("message")};
  reader.object("data", [&error](state::JsonReader& data) {
    error.operation = data.string("operation");
    error.object = data.string("object");
    error.detail = data.string("reason");
    error.code = data.integer<int>("errno");
  });
  return error;
}

}  // namespace

std::expected<Request, Refusal> parse_request(std::string_view line) {
  const Result<Json> json = parse_line(line);
  if (!json) {
    return std::unexpected(
        Refusal{.id = nullptr, .code = Code::ParseError, .reason = json.error().message()});
  }
  return read_request(*json);
}

std::string format_request(uint64_t id, const std::string& method, const Json& params) {
  Json json = message();
  json["id"] = id;
  json["method"] = method;
  json["params"] = params;
  return line_of(json);
}

std::string format_answer(const Json& id, const Json& result) {
  Json json = message();
  json["id"] = id;
  json["result"] = result;
  return line_of(json);
}

std::string format_refusal(const Refusal& refusal) {
  Json json = message();
  json["id"] = refusal.id;
  json["error"] = {{"code", static_cast<int>(refusal.code)}, {"message", refusal.reason}};
  return line_of(json);
}

std::string format_failure(const Json& id, const Error& error) {
  Json json = message();
  json["id"] = id;
  json["error"] = {{"code", static_cast<int>(code_of(error))},
                   {"message", error.message()},
                   {"data",
                    {{"operation", error.operation},
                     {"object", error.object},
                     {"reason", error.detail},
                     {"errno", error.code}}}};
  return line_of(json);
}

std::string format_notification(const std::string& method, const Json& params) {
  Json json = message();
  json["method"] = method;
  json["params"] = params;
  return line_of(json);
}

Result<Incoming> parse_incoming(std::string_view line) {
  const Json json = TRY(parse_line(line));
  if (!json.is_object() || !is_version_two(json)) {
    return input_error("parse", "answer", "not a JSON-RPC 2.0 message");
  }
  state::JsonReader reader(json, "answer");
  Incoming incoming{.method = reader.string("method")};
  if (reader.has("id")) {
    incoming.id = reader.integer<uint64_t>("id");
  }
  if (const Json* error = reader.find("error")) {
    incoming.failure = error_from(*error);
  }
  const Json* content = reader.find(incoming.method.empty() ? "result" : "params");
  incoming.content = content == nullptr ? Json() : *content;
  TRY(reader.check());
  return incoming;
}

}  // namespace chock::supervisor::rpc
