// Bundle: a rule file with all its lists, tested, packed into one file and signed. A machine that has the bundle and
// trusts its key needs nothing else. The layout is described in rules/BUNDLE_FORMAT.md.
//
// Passive: bytes in, bytes out. Every byte of a bundle that comes from elsewhere is hostile until its signature was
// checked, and bounded afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/signature.h"

namespace hort {

struct Bundle {
    struct File {
        std::string path;  // below the bundle's folder: "rules.hort.json", "lists/adult.txt"
        std::string content;
    };
    std::string name;
    std::int64_t serial = 0;
    std::vector<File> files;  // the rule file first

    static constexpr std::string_view rule_file_path = "rules.hort.json";
};

inline constexpr std::size_t max_bundle = std::size_t{256} << 20;        // octets of the file
inline constexpr std::size_t max_bundle_content = std::size_t{1} << 30;  // of all files in it
inline constexpr std::size_t max_bundle_ratio = 200;                     // how many times it may expand
inline constexpr std::size_t max_bundle_files = 1000;

// Without a signature.
std::string write_bundle(const Bundle& bundle);
// Adds a signature, or replaces the one that is there.
Result<std::string> sign_bundle(std::string_view bytes, const std::string& private_pem);

// What stands before the content: cheap, for deciding whether the rest is wanted.
struct BundleHead {
    std::string name;
    std::int64_t serial = 0;
    std::optional<PublicKey> signer;  // empty: not signed. Set: the signature is right for that key.
};
// Refused, with the reason: what is no bundle, is damaged or cut short, or has a wrong signature.
Result<BundleHead> read_bundle_head(std::string_view bytes);
// The whole. Refused besides: paths that leave the folder, content that expands too much, checksums that differ.
Result<Bundle> read_bundle(std::string_view bytes);

}  // namespace hort
