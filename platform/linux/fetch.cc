#include "platform/fetch.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

#include "rules/compression.h"

namespace hort::platform {
namespace {

struct Transfer {
    const FetchRequest& request;
    Fetched result;
    bool is_too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    if (transfer.result.body.size() + size * count > transfer.request.max_bytes) {
        transfer.is_too_large = true;
        return 0;
    }
    transfer.result.body.append(data, size * count);
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::string_view line(data, size * count);
    const auto value_of = [&](std::string_view name) -> std::string {
        if (line.size() <= name.size() || line[name.size()] != ':') return {};
        for (std::size_t i = 0; i < name.size(); ++i)
            if ((static_cast<unsigned char>(line[i]) | 32) != static_cast<unsigned char>(name[i])) return {};
        auto value = line.substr(name.size() + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
        while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
            value.remove_suffix(1);
        return value.size() <= 512 ? std::string(value) : std::string();
    };
    if (line.starts_with("HTTP/"))
        transfer.result.etag = transfer.result.last_modified = {};  // a redirect's are not the list's
    if (auto etag = value_of("etag"); !etag.empty()) transfer.result.etag = std::move(etag);
    if (auto time = value_of("last-modified"); !time.empty()) transfer.result.last_modified = std::move(time);
    return size * count;
}

int on_progress(void* user, curl_off_t expected, curl_off_t received, curl_off_t, curl_off_t) {
    const auto& transfer = *static_cast<const Transfer*>(user);
    if (!transfer.request.progress) return 0;
    return transfer.request.progress(static_cast<std::uint64_t>(received), static_cast<std::uint64_t>(expected)) ? 0
                                                                                                                 : 1;
}

}  // namespace

Result<Fetched> fetch(const FetchRequest& request) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
    if (!handle) throw std::bad_alloc();
    CURL* curl = handle.get();
    Transfer transfer{request, {}, false};
    char message[CURL_ERROR_SIZE] = "";
    curl_slist* list = nullptr;
    if (!request.etag.empty()) list = curl_slist_append(list, ("If-None-Match: " + request.etag).c_str());
    if (!request.last_modified.empty())
        list = curl_slist_append(list, ("If-Modified-Since: " + request.last_modified).c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, curl_slist_free_all);

    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, request.url.starts_with("https:") ? "https" : "https,http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // whatever it can decode: gzip, deflate, ...
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "hort");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // never through the filter that is to be filled
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(request.timeout_seconds));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);

    const auto code = curl_easy_perform(curl);
    if (transfer.is_too_large)
        return Error{"larger than " + std::to_string(request.max_bytes >> 20) + " MiB", request.url, {}};
    if (code != CURLE_OK)
        return Error{message[0] != '\0' ? message : curl_easy_strerror(code), request.url,
                     "is the address right, and is the server reachable from this machine?"};
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 304) {
        transfer.result.is_unchanged = true;
        return std::move(transfer.result);
    }
    if (is_gzip(transfer.result.body)) {  // a .gz file, not a compressed transfer
        auto plain = gunzip(transfer.result.body, request.max_bytes);
        if (!plain) return Error{"gzip: " + plain.error().what, request.url, {}};
        transfer.result.body = *std::move(plain);
    }
    return std::move(transfer.result);
}

}  // namespace hort::platform
