#include <libpsl.h>

#include "rules/public_suffix.h"

namespace hort {

PublicSuffix public_suffix(const Hostname& host) {
    const psl_ctx_t* list = psl_builtin();
    const std::string name(host.text());
    if (psl_is_public_suffix2(list, name.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0)
        return PublicSuffix::registry;
    if (psl_is_public_suffix2(list, name.c_str(), PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE) != 0)
        return PublicSuffix::platform;
    return PublicSuffix::none;
}

}  // namespace hort
