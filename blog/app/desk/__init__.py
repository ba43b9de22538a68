"""The desk an editor works at: the pages of one post, its fields, sections, panel and histories."""
