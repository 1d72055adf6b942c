#include "rules/bundle.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "rules/compression.h"
#include "rules/json_number.h"
#include "rules/safe_name.h"

namespace hort {
namespace {

using nlohmann::json;

constexpr std::string_view magic = "HORTBNDL";
constexpr std::uint32_t version = 1;
constexpr std::size_t fixed_size = 8 + 4 + 4 + 8 + 8;
constexpr std::string_view signature_magic = "HORTSIGN";
constexpr std::size_t signature_size = 8 + 32 + 64;
constexpr std::size_t max_manifest = 1 << 20;

void put_number(std::string& out, std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, int octets) {
    std::uint64_t out = 0;
    for (int i = 0; i < octets; ++i)
        out |= std::uint64_t{static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)])} << 8 * i;
    return out;
}

Error refuse(std::string what, std::string hint = {}) {
    return Error{"bundle: " + std::move(what), {}, std::move(hint)};
}

// The parts of a bundle, all within bounds.
struct Parts {
    std::string_view body;  // what is signed
    std::string_view manifest, payload;
    std::uint64_t content_size = 0;
    std::string_view signature;  // empty when there is none
};

Result<Parts> split(std::string_view bytes) {
    if (bytes.size() > max_bundle) return refuse("larger than " + std::to_string(max_bundle >> 20) + " MiB");
    if (bytes.size() < fixed_size || !bytes.starts_with(magic)) return refuse("not one: wrong first bytes");
    if (const auto found = number_at(bytes, 8, 4); found != version)
        return refuse("version " + std::to_string(found) + ", expected " + std::to_string(version), "update Hort");
    const auto manifest_size = number_at(bytes, 12, 4), payload_size = number_at(bytes, 16, 8);
    Parts out;
    out.content_size = number_at(bytes, 24, 8);
    const auto left = bytes.size() - fixed_size;
    if (manifest_size > max_manifest || manifest_size > left || payload_size > left - manifest_size)
        return refuse("damaged or cut short");
    const auto body_size = fixed_size + manifest_size + payload_size;
    const auto rest = bytes.substr(body_size);
    if (!rest.empty() && (rest.size() != signature_size || !rest.starts_with(signature_magic)))
        return refuse("damaged or cut short");
    out.body = bytes.substr(0, body_size);
    out.manifest = bytes.substr(fixed_size, manifest_size);
    out.payload = bytes.substr(fixed_size + manifest_size, payload_size);
    out.signature = rest;
    return out;
}

struct Manifest {
    BundleHead head;
    std::vector<std::pair<std::string, std::uint64_t>> files;  // path, size
};

Result<Manifest> read_manifest(const Parts& parts) {
    Manifest out;
    if (!parts.signature.empty()) {
        PublicKey key{};
        Signature signature{};
        std::memcpy(key.data(), parts.signature.data() + 8, key.size());
        std::memcpy(signature.data(), parts.signature.data() + 8 + key.size(), signature.size());
        if (!is_signed_by(parts.body, signature, key))
            return refuse("the signature is wrong: it was changed after signing");
        out.head.signer = key;
    }
    const auto parsed = json::parse(parts.manifest, nullptr, false);
    try {
        out.head.name = parsed.at("name").get<std::string>();
        out.head.serial = whole_number<std::int64_t>(parsed.at("serial"));
        std::uint64_t total = 0;
        std::set<std::string> seen;
        for (const auto& file : parsed.at("files")) {
            const auto path = file.at("path").get<std::string>();
            const auto size = whole_number<std::uint64_t>(file.at("size"));
            if (!is_safe_path(path)) return refuse("the path '" + path.substr(0, 60) + "' leaves its folder");
            if (!seen.insert(path).second) return refuse("the path '" + path + "' stands twice");
            if (out.files.size() == max_bundle_files)
                return refuse("more than " + std::to_string(max_bundle_files) + " files");
            if (size > max_bundle_content || (total += size) > max_bundle_content)
                return refuse("would expand to more than " + std::to_string(max_bundle_content >> 20) + " MiB");
            out.files.emplace_back(path, size);
        }
        if (total != parts.content_size) return refuse("the sizes in its manifest do not add up");
        if (total / max_bundle_ratio > parts.payload.size())
            return refuse("would expand more than " + std::to_string(max_bundle_ratio) + " times");
    } catch (const json::exception&) {
        return refuse("its manifest is damaged");
    }
    if (!is_safe_name(out.head.name)) return refuse("its name is none");
    if (out.files.empty() || out.files.front().first != Bundle::rule_file_path) return refuse("holds no rule file");
    return out;
}

}  // namespace

std::string write_bundle(const Bundle& bundle) {
    json files = json::array();
    std::string content;
    for (const auto& file : bundle.files) {
        files.push_back({{"path", file.path}, {"size", file.content.size()}});
        content += file.content;
    }
    const auto manifest = json{{"name", bundle.name}, {"serial", bundle.serial}, {"files", files}}.dump(
        -1, ' ', true, json::error_handler_t::replace);
    const auto payload = compress(content);
    std::string out(magic);
    put_number(out, version, 4);
    put_number(out, manifest.size(), 4);
    put_number(out, payload.size(), 8);
    put_number(out, content.size(), 8);
    return out + manifest + payload;
}

Result<std::string> sign_bundle(std::string_view bytes, const std::string& private_pem) {
    const auto parts = split(bytes);
    if (!parts) return parts.error();
    if (auto whole = read_bundle(parts->body); !whole) return whole.error();  // nobody signs a damaged one
    const auto key = public_key_of(private_pem);
    if (!key) return key.error();
    const auto signature = sign(parts->body, private_pem);
    if (!signature) return signature.error();
    std::string out(parts->body);
    out += signature_magic;
    out.append(reinterpret_cast<const char*>(key->data()), key->size());
    out.append(reinterpret_cast<const char*>(signature->data()), signature->size());
    return out;
}

Result<BundleHead> read_bundle_head(std::string_view bytes) {
    const auto parts = split(bytes);
    if (!parts) return parts.error();
    auto manifest = read_manifest(*parts);
    if (!manifest) return manifest.error();
    return std::move(manifest->head);
}

Result<Bundle> read_bundle(std::string_view bytes) {
    const auto parts = split(bytes);
    if (!parts) return parts.error();
    const auto manifest = read_manifest(*parts);
    if (!manifest) return manifest.error();
    auto content = decompress(parts->payload, static_cast<std::size_t>(parts->content_size));
    if (!content) return refuse("its content is damaged: " + content.error().what);
    if (content->size() != parts->content_size) return refuse("its content is shorter than it says");
    Bundle out{manifest->head.name, manifest->head.serial, {}};
    std::size_t at = 0;
    for (const auto& [path, size] : manifest->files) {
        out.files.push_back({path, content->substr(at, static_cast<std::size_t>(size))});
        at += static_cast<std::size_t>(size);
    }
    return out;
}

}  // namespace hort
