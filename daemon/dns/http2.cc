#include "daemon/dns/http2.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace hort::dns {
namespace {

constexpr std::uint32_t max_streams = 100;  // under way at once on a connection
constexpr std::size_t max_output = 1 << 20;

std::vector<nghttp2_nv> as_fields(const Http2::Headers& headers) {
    std::vector<nghttp2_nv> out;
    const auto octets = [](const std::string& text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    for (const auto& [name, value] : headers)
        out.push_back({octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    return out;
}

}  // namespace

// What libnghttp2 calls; `user` is the Http2.
struct Http2::Callbacks {
    static Http2& self(void* user) { return *static_cast<Http2*>(user); }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (self(user).side_ == Side::server && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            self(user).streams_.try_emplace(frame->hd.stream_id);
        return 0;
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
        auto* stream = self(user).find(frame->hd.stream_id);
        if (stream == nullptr) return 0;
        stream->header_octets += name_size + value_size;
        if (stream->header_octets > max_headers) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        stream->message.headers.try_emplace(std::string(reinterpret_cast<const char*>(name), name_size),
                                            reinterpret_cast<const char*>(value), value_size);
        return 0;
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* octets, std::size_t size,
                    void* user) {
        auto* stream = self(user).find(id);
        if (stream == nullptr) return 0;
        auto& body = stream->message.body;
        if (body.size() + size > max_body)
            stream->message.is_too_large = true;
        else
            body.insert(body.end(), octets, octets + size);
        return 0;
    }
    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const bool is_last = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                             (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (is_last) self(user).complete(frame->hd.stream_id);
        return 0;
    }
    static int close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        auto& http = self(user);
        const auto found = http.streams_.find(id);
        if (found == http.streams_.end()) return 0;
        const bool is_lost = !found->second.is_taken;
        http.streams_.erase(found);
        if (is_lost && http.events_.lose) http.events_.lose(id);
        return 0;
    }
    static ssize_t read(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t size, std::uint32_t* flags,
                        nghttp2_data_source*, void* user) {
        auto* stream = self(user).find(id);
        if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const auto count = std::min(size, stream->out.size() - stream->sent);
        if (count > 0) std::memcpy(to, stream->out.data() + stream->sent, count);
        stream->sent += count;
        if (stream->sent == stream->out.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }
};

Http2::Http2(Side side, Events events) : side_(side), events_(std::move(events)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::close);
    const int made = side == Side::client ? nghttp2_session_client_new(&session_, callbacks, this)
                                          : nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::runtime_error("nghttp2: no session");
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, max_headers},
                                               {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    // ENABLE_PUSH is for a client to say only (RFC 9113 section 6.5.2).
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, side == Side::client ? 3 : 2);
}

Http2::~Http2() { nghttp2_session_del(session_); }

Http2::Stream* Http2::find(std::int32_t id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : &found->second;
}

void Http2::complete(std::int32_t id) {
    auto* stream = find(id);
    if (stream == nullptr || stream->is_taken) return;
    stream->is_taken = true;
    events_.take(id, std::move(stream->message));
}

std::int32_t Http2::request(const Headers& headers, std::vector<std::uint8_t> body) {
    const auto fields = as_fields(headers);
    nghttp2_data_provider provider{{}, Callbacks::read};
    const auto id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                           body.empty() ? nullptr : &provider, nullptr);
    if (id <= 0) return 0;
    streams_[id].out = std::move(body);
    return id;
}

void Http2::respond(std::int32_t id, const Headers& headers, std::vector<std::uint8_t> body) {
    auto* stream = find(id);
    if (stream == nullptr) return;
    stream->out = std::move(body);
    const auto fields = as_fields(headers);
    nghttp2_data_provider provider{{}, Callbacks::read};
    nghttp2_submit_response(session_, id, fields.data(), fields.size(), &provider);
}

bool Http2::feed(std::span<const std::uint8_t> octets) {
    return nghttp2_session_mem_recv(session_, octets.data(), octets.size()) >= 0;
}

std::vector<std::uint8_t> Http2::take_output() {
    std::vector<std::uint8_t> out;
    while (out.size() < max_output) {
        const std::uint8_t* data = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &data);
        if (size <= 0) break;
        out.insert(out.end(), data, data + size);
    }
    return out;
}

bool Http2::is_over() const {
    return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

}  // namespace hort::dns
