#include "platform/traffic_redirect.h"

#include <nftables/libnftables.h>

namespace hort::platform {
namespace {

class Nftables final : public TrafficRedirect {
  public:
    Nftables() : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
        if (context_ == nullptr) return;
        nft_ctx_buffer_error(context_);
        nft_ctx_buffer_output(context_);
    }
    ~Nftables() override {
        if (context_ != nullptr) nft_ctx_free(context_);
    }
    Nftables(const Nftables&) = delete;
    Nftables& operator=(const Nftables&) = delete;
    bool is_open() const { return context_ != nullptr; }

    Status apply(const std::string& commands) override {
        if (nft_run_cmd_from_buffer(context_, commands.c_str()) == 0) return Done{};
        const char* said = nft_ctx_get_error_buffer(context_);
        return Error{"the firewall did not take the rules: " + std::string(said != nullptr ? said : ""), {}, {}};
    }

  private:
    nft_ctx* const context_;
};

}  // namespace

Result<std::unique_ptr<TrafficRedirect>> TrafficRedirect::open() {
    auto out = std::make_unique<Nftables>();
    if (!out->is_open()) return Error{"nftables cannot be used", {}, {}};
    // Asks for what only the privileged get.
    if (auto listed = out->apply("list tables\n"); !listed)
        return Error{listed.error().what, {}, "enforcement needs root (CAP_NET_ADMIN) and nftables in the kernel"};
    return std::unique_ptr<TrafficRedirect>(std::move(out));
}

}  // namespace hort::platform
