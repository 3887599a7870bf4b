// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/methods.h"

#include <algorithm>
#include <array>

#include "supervisor/containerd/api.h"
#include "supervisor/containerd/health.pb.h"
#include "supervisor/containerd/version.h"

namespace chock::supervisor::containerd {
namespace {

constexpr std::string_view kApi = "/types.API/";
constexpr std::string_view kHealth = "/grpc.health.v1.Health/";

bool has_nul(const google::protobuf::Message& message);

bool element_has_nul(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor& field, int index) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    return has_nul(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, index)
                                       : reflection.GetMessage(message, &field));
  }
  return field.cpp_type() == Field::CPPTYPE_STRING &&
         (field.is_repeated() ? reflection.GetRepeatedString(message, &field, index)
                              : reflection.GetString(message, &field))
             .contains('\0');
}

// A text with a NUL byte would be a shorter one to the kernel.
bool has_nul(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (element_has_nul(message, *field, i)) {
        return true;
      }
    }
  }
  return false;
}

template <class Request>
Reply<Request> decode(const std::string& bytes) {
  Request request;
  if (!request.ParseFromString(bytes)) {
    return std::unexpected(
        grpc::Status(grpc::StatusCode::INTERNAL, "the request's message cannot be decoded"));
  }
  if (has_nul(request)) {
    return std::unexpected(
        grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "a text contains a NUL byte"));
  }
  return request;
}

template <auto operation, class Request, class Response>
Awaitable<Outcome> run(Api& api, std::string bytes, Latch& gone) {
  Reply<Request> request = decode<Request>(bytes);
  if (!request) {
    co_return std::unexpected(std::move(request).error());
  }
  Reply<Response> reply = co_await (api.*operation)(*std::move(request), gone);
  if (!reply) {
    co_return std::unexpected(std::move(reply).error());
  }
  co_return reply->SerializeAsString();
}

template <auto operation, class Request, class Response>
consteval Unary bind(Awaitable<Reply<Response>> (Api::* /*operation*/)(Request, Latch&)) {
  return &run<operation, Request, Response>;
}
template <auto operation>
constexpr Unary kUnary = bind<operation>(operation);

Awaitable<grpc::Status> stream_events(Api& api, std::string bytes, Responder& client) {
  Reply<types::EventsRequest> request = decode<types::EventsRequest>(bytes);
  if (!request) {
    co_return std::move(request).error();
  }
  co_return co_await api.events(*std::move(request), client);
}

Outcome check_health(const std::string& bytes) {
  const auto request = decode<grpc::health::v1::HealthCheckRequest>(bytes);
  if (!request) {
    return std::unexpected(request.error());
  }
  if (!request->service().empty()) {
    return std::unexpected(grpc::Status(grpc::StatusCode::NOT_FOUND, "unknown service"));
  }
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(grpc::health::v1::HealthCheckResponse::SERVING);
  return response.SerializeAsString();
}

Outcome tell_version(const std::string& /*request*/) {
  types::GetServerVersionResponse response;
  response.set_major(kMajor);
  response.set_minor(kMinor);
  response.set_patch(kPatch);
  response.set_revision(kRevision);
  return response.SerializeAsString();
}

const std::array kMethods{
    Method{"/grpc.health.v1.Health/Check", &check_health},
    Method{"/types.API/GetServerVersion", &tell_version},
    Method{"/types.API/CreateContainer", kUnary<&Api::create_container>},
    Method{"/types.API/UpdateContainer", kUnary<&Api::update_container>},
    Method{"/types.API/Signal", kUnary<&Api::signal>},
    Method{"/types.API/UpdateProcess", kUnary<&Api::update_process>},
    Method{"/types.API/AddProcess", kUnary<&Api::add_process>},
    Method{"/types.API/CreateCheckpoint", kUnary<&Api::create_checkpoint>},
    Method{"/types.API/DeleteCheckpoint", kUnary<&Api::delete_checkpoint>},
    Method{"/types.API/ListCheckpoint", kUnary<&Api::list_checkpoints>},
    Method{"/types.API/State", kUnary<&Api::state>},
    Method{"/types.API/Events", &stream_events},
    Method{"/types.API/Stats", kUnary<&Api::stats>},
};

}  // namespace

const Method* find_method(std::string_view path) {
  const auto* const found = std::ranges::find(kMethods, path, &Method::path);
  return found == kMethods.end() ? nullptr : found;
}

grpc::Status refuse_path(std::string_view path) {
  const std::string_view name = path.substr(path.starts_with('/') ? 1 : 0);
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            "malformed method name: \"" + std::string(path) + "\""};
  }
  const std::string_view prefix = path.substr(0, path.size() - (name.size() - slash - 1));
  if (prefix == kApi || prefix == kHealth) {
    return {grpc::StatusCode::UNIMPLEMENTED,
            "unknown method " + std::string(name.substr(slash + 1))};
  }
  return {grpc::StatusCode::UNIMPLEMENTED, "unknown service " + std::string(name.substr(0, slash))};
}

std::vector<std::string_view> method_paths() {
  std::vector<std::string_view> paths;
  std::ranges::transform(kMethods, std::back_inserter(paths), &Method::path);
  return paths;
}

}  // namespace chock::supervisor::containerd
