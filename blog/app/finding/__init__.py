"""Finding posts and all else: list, board, calendar, saved views, jump to. Changes no word of a post."""
