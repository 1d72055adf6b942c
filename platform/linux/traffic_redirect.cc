#include "platform/traffic_redirect.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

class Nftables final : public TrafficRedirect {
  public:
    Nftables()
        : context_(nft_ctx_new(NFT_CTX_DEFAULT)),
          events_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER)) {
        sockaddr_nl address{};
        address.nl_family = AF_NETLINK;
        address.nl_groups = 1u << (NFNLGRP_NFTABLES - 1);
        is_watching_ =
            events_.get() >= 0 && bind(events_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        if (context_ == nullptr) return;
        nft_ctx_buffer_error(context_);
        nft_ctx_buffer_output(context_);
    }
    ~Nftables() override {
        if (context_ != nullptr) nft_ctx_free(context_);
    }
    Nftables(const Nftables&) = delete;
    Nftables& operator=(const Nftables&) = delete;
    bool is_open() const { return context_ != nullptr && is_watching_; }

    Status apply(const std::string& commands) override {
        if (nft_run_cmd_from_buffer(context_, commands.c_str()) == 0) return Done{};
        const char* said = nft_ctx_get_error_buffer(context_);
        return Error{"the firewall did not take the rules: " + std::string(said != nullptr ? said : ""), {}, {}};
    }

    int descriptor() const override { return events_.get(); }

    bool was_table_deleted() override {
        bool out = false;
        for (;;) {
            std::array<char, 65536> buffer;
            const auto size = recv(events_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
            if (size < 0 && errno == EINTR) continue;
            // More happened than there was room for.
            if ((size < 0 && errno == ENOBUFS) || size > static_cast<ssize_t>(buffer.size())) {
                out = true;
                continue;
            }
            if (size <= 0) return out;
            for (std::size_t at = 0; at + sizeof(nlmsghdr) <= static_cast<std::size_t>(size);) {
                nlmsghdr head;
                std::memcpy(&head, buffer.data() + at, sizeof head);
                out = out || head.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE);
                at += std::max<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), sizeof head);
            }
        }
    }

    bool has_table(const std::string& table) override { return bool(apply("list table " + table + "\n")); }

  private:
    nft_ctx* const context_;
    const Fd events_;
    bool is_watching_ = false;
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
