// SPDX-License-Identifier: Apache-2.0
// As supervisor/precompiled.h, with gRPC.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>

#include "supervisor/precompiled.h"
