// AddressNames: for which names an address was given lately, so that a connection to a bare address can be asked about
// by its names. Bounded; what was given longest ago goes first. On the io_context's thread.
#pragma once

#include <algorithm>
#include <list>
#include <unordered_map>
#include <vector>

#include "rules/hostname.h"
#include "rules/network.h"

namespace hort::dns {

class AddressNames {
  public:
    static constexpr std::size_t max_addresses = 4096, max_names = 8;  // of the names the last ones

    void note(const Hostname& name, const std::vector<AddressBytes>& addresses) {
        for (const auto& address : addresses) {
            const auto [it, is_new] = by_address_.try_emplace(key_of(address));
            if (is_new)
                order_.push_front({address, {}});
            else
                order_.splice(order_.begin(), order_, it->second);
            it->second = order_.begin();
            auto& names = order_.front().names;
            std::erase(names, name.text());
            if (names.size() == max_names) names.erase(names.begin());
            names.emplace_back(name.text());
            if (order_.size() <= max_addresses) continue;
            by_address_.erase(key_of(order_.back().address));
            order_.pop_back();
        }
    }

    // The last one given at the end.
    std::vector<Hostname> names_of(const AddressBytes& address) const {
        std::vector<Hostname> out;
        const auto it = by_address_.find(key_of(address));
        if (it == by_address_.end()) return out;
        for (const auto& name : it->second->names)
            if (const auto host = Hostname::parse(name)) out.push_back(*host);
        return out;
    }

  private:
    struct Entry {
        AddressBytes address;
        std::vector<std::string> names;
    };
    static std::string key_of(const AddressBytes& address) {
        return {reinterpret_cast<const char*>(address.data()), address.size()};
    }
    std::list<Entry> order_;  // the last given first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_address_;
};

}  // namespace hort::dns
