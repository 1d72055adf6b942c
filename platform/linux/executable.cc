#include "platform/executable.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace hort::platform {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The structure at an offset; false when it is not whole.
template <typename Structure>
bool read_at(Bytes bytes, std::uint64_t offset, Structure& out) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof out) return false;
    std::memcpy(&out, bytes.data() + offset, sizeof out);
    return true;
}

// gabi "Note Section": name and description are padded to the segment's alignment, which is 4 or 8.
std::string build_id_of(Bytes notes, std::uint64_t alignment) {
    const auto padded = [&](std::uint64_t size) { return alignment == 8 ? (size + 7) / 8 * 8 : (size + 3) / 4 * 4; };
    Elf64_Nhdr note{};
    for (std::uint64_t at = 0; read_at(notes, at, note);) {
        const auto name = at + sizeof note, description = name + padded(note.n_namesz);
        const auto end = description + padded(note.n_descsz);
        if (description + note.n_descsz > notes.size()) break;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz >= 8 && note.n_descsz <= 64 &&
            std::memcmp(notes.data() + name, "GNU", 4) == 0)
            return {reinterpret_cast<const char*>(notes.data()) + description, note.n_descsz};
        at = end;
    }
    return {};
}

template <typename Header, typename Segment>
void read_segments(Bytes bytes, ExecutableHead& out) {
    Header header{};
    if (!read_at(bytes, 0, header) || header.e_phentsize != sizeof(Segment)) return;
    for (unsigned i = 0; i < std::min<unsigned>(header.e_phnum, 512); ++i) {
        Segment segment{};
        if (!read_at(bytes, header.e_phoff + std::uint64_t{i} * sizeof segment, segment)) break;
        if (segment.p_type == PT_INTERP) out.is_dynamic = true;
        if (segment.p_type == PT_DYNAMIC) {
            out.dynamic_offset = segment.p_offset;
            out.dynamic_size = segment.p_filesz;
        }
        if (segment.p_type != PT_NOTE || !out.build_id.empty() || segment.p_offset >= bytes.size()) continue;
        const auto size = std::min<std::uint64_t>(segment.p_filesz, bytes.size() - segment.p_offset);
        out.build_id = build_id_of(bytes.subspan(segment.p_offset, size), segment.p_align);
    }
    out.is_shared = header.e_type == ET_DYN && !out.is_dynamic;
}

template <typename Entry>
bool has_program_flag(Bytes section) {
    Entry entry{};
    for (std::uint64_t at = 0; read_at(section, at, entry) && entry.d_tag != DT_NULL; at += sizeof entry)
        if (entry.d_tag == DT_FLAGS_1) return (entry.d_un.d_val & DF_1_PIE) != 0;
    return false;
}

}  // namespace

bool is_said_to_be_program(Bytes dynamic_section, bool is_64) {
    return is_64 ? has_program_flag<Elf64_Dyn>(dynamic_section) : has_program_flag<Elf32_Dyn>(dynamic_section);
}

ExecutableHead read_executable(Bytes beginning) {
    ExecutableHead out;
    if (beginning.size() < EI_NIDENT || std::memcmp(beginning.data(), ELFMAG, SELFMAG) != 0) return out;
    out.is_elf = true;
    out.is_64 = beginning[EI_CLASS] == ELFCLASS64;
    if (out.is_64)
        read_segments<Elf64_Ehdr, Elf64_Phdr>(beginning, out);
    else if (beginning[EI_CLASS] == ELFCLASS32)
        read_segments<Elf32_Ehdr, Elf32_Phdr>(beginning, out);
    return out;
}

}  // namespace hort::platform
