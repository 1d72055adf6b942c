#include "rules/profile.h"

namespace hort {

std::string_view name_of(Verdict verdict) { return verdict == Verdict::allow ? "allow" : "block"; }

Profile Profile::of_tier(std::string name, Tier tier, const Taxonomy& taxonomy) {
    Profile out;
    out.name = std::move(name);
    out.tier = tier;
    out.is_supervised = tier != Tier::adult;
    out.blocked = taxonomy.blocked_by(tier);
    return out;
}

}  // namespace hort
