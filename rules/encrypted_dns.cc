#include "rules/encrypted_dns.h"

#include <nlohmann/json.hpp>

#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/network.h"

namespace hort {

Result<EncryptedDns> EncryptedDns::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("services") || !parsed["services"].is_array())
        return Error{"not a list of encrypted DNS", {}, "expected an object with an array \"services\""};
    EncryptedDns out;
    try {
        for (const auto& service : parsed["services"])
            for (const auto& item : service.at("addresses")) {
                const auto address = item.get<std::string>();
                if (const auto network = parse_network(address); !network) return network.error();
                (address.find(':') == std::string::npos ? out.v4 : out.v6).push_back(address);
            }
    } catch (const json::exception& fault) {
        return Error{"a service is not written as one", {}, fault.what()};
    }
    return out;
}

const EncryptedDns& EncryptedDns::shipped() {
    static const EncryptedDns all = data::read_shipped("encrypted_dns.json", data::encrypted_dns_json, parse);
    return all;
}

}  // namespace hort
