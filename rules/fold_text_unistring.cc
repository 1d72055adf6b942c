#include <unicase.h>
#include <uninorm.h>

#include <cstdlib>
#include <memory>

#include "rules/fold_text_system.h"

namespace hort {

std::string system_folded(std::string_view utf8) {
    struct Free {
        void operator()(std::uint8_t* text) const { std::free(text); }
    };
    std::size_t size = 0;
    const std::unique_ptr<std::uint8_t, Free> out(u8_casefold(reinterpret_cast<const std::uint8_t*>(utf8.data()),
                                                              utf8.size(), nullptr, UNINORM_NFKC, nullptr, &size));
    return out == nullptr ? std::string(utf8) : std::string(reinterpret_cast<const char*>(out.get()), size);
}

}  // namespace hort
