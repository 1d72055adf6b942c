// Where there is no libpsl (the Windows cross build): a single label is all that is known to be a public suffix.
#include "rules/public_suffix.h"

namespace hort {

PublicSuffix public_suffix(const Hostname& host) {
    return host.label_count() == 1 ? PublicSuffix::registry : PublicSuffix::none;
}

}  // namespace hort
