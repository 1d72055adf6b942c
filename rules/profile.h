// Profile: what holds for a person or a group. Starts from an age tier and is changed from there.
#pragma once

#include <cstdint>
#include <string>

#include "rules/category.h"
#include "rules/host_map.h"

namespace hort {

enum class Verdict : std::uint8_t { allow, block };
std::string_view name_of(Verdict verdict);

struct Profile {
    std::string name;
    Tier tier = Tier::age_16_17;
    bool is_supervised = true;
    CategorySet blocked;         // categories that are blocked in the end
    HostMap<Verdict> own_rules;  // sites; the most specific name wins

    // The profile that a tier gives before anyone changed it. Adults are not supervised.
    static Profile of_tier(std::string name, Tier tier, const Taxonomy& taxonomy);
};

}  // namespace hort
