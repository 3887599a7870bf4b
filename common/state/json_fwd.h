// SPDX-License-Identifier: Apache-2.0
// The names of json.h, for headers that only mention them: parsing the JSON library takes the
// compiler seconds in every source that sees it.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace chock::state {

using Json = nlohmann::ordered_json;
class JsonReader;

}  // namespace chock::state
